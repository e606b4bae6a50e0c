/**
 * The clients of AWS, made while Lambda loads the function: every event of the
 * environment uses them and their connections.
 */

import { ApplicationAutoScalingClient } from "@aws-sdk/client-application-auto-scaling";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ECRClient } from "@aws-sdk/client-ecr";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SNSClient } from "@aws-sdk/client-sns";
import { SSMClient } from "@aws-sdk/client-ssm";

const config = {
  maxAttempts: 5,
  // AWS answers these calls in tens of milliseconds: what takes longer is better tried
  // again than waited for. Connections are kept alive by default.
  requestHandler: { connectionTimeout: 2000, requestTimeout: 6000 },
};

export const cloudformation = new CloudFormationClient(config);
export const cloudwatch = new CloudWatchClient(config);
export const dynamodb = new DynamoDBClient(config);
export const ecr = new ECRClient(config);
export const ecs = new ECSClient(config);
export const elb = new ElasticLoadBalancingV2Client(config);
export const scaling = new ApplicationAutoScalingClient(config);
export const scheduler = new SchedulerClient(config);
export const sns = new SNSClient(config);
export const ssm = new SSMClient(config);

/** The results of calls that do not depend on each other, by name. */
export async function atOnce(calls) {
  const pairs = Object.entries(calls).map(async ([name, call]) => [name, await call]);
  return Object.fromEntries(await Promise.all(pairs));
}
