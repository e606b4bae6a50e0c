"""Reads every answer of the HTTP face with boto3, and holds every key of every
answer against botocore's model.

    python read_with_boto3.py PATH/TO/nightshift-sim

The simulator must not confirm itself: this is AWS's own idea of the answers.
"""

import datetime
import sys
import tempfile
from pathlib import Path

import boto3
from read_costs import costs, never_enabled
from read_registry import registry
from reading import ROOT, Sim, answers, client, fails, unknown_keys, walk


def history(ecs):
    deployments, token = [], {}
    while True:
        page = ecs.list_service_deployments(cluster="prod", service="checkout", maxResults=1, **token)
        deployments += page["serviceDeployments"]
        if "nextToken" not in page:
            return deployments
        token = {"nextToken": page["nextToken"]}


def bad_release(binary):
    with Sim(binary, "bad-release") as sim:
        ecs, ecr = client("ecs", sim.url), client("ecr", sim.url)
        cluster, = ecs.list_clusters()["clusterArns"]
        service_arn, = ecs.list_services(cluster="prod")["serviceArns"]
        service, = ecs.describe_services(cluster=cluster, services=[service_arn], include=["TAGS"])["services"]
        assert {"key": "nightshift", "value": "act"} in service["tags"], service
        assert service["taskDefinition"].endswith("task-definition/checkout:43"), service
        assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (4, "COMPLETED"), service
        assert isinstance(service["createdAt"], datetime.datetime)
        missing = ecs.describe_services(cluster="prod", services=["nobody"])
        assert missing["failures"][0]["reason"] == "MISSING", missing

        new, old = history(ecs)
        assert new["createdAt"] > old["createdAt"] and new["status"] == "SUCCESSFUL", (new, old)
        only = ecs.list_service_deployments(cluster="prod", service="checkout", status=["SUCCESSFUL"],
                                            createdAt={"after": old["createdAt"] + datetime.timedelta(days=1)})
        assert [found["serviceDeploymentArn"] for found in only["serviceDeployments"]] == [new["serviceDeploymentArn"]]
        full, = ecs.describe_service_deployments(
            serviceDeploymentArns=[new["serviceDeploymentArn"]])["serviceDeployments"]
        assert full["sourceServiceRevisions"][0]["arn"] == old["targetServiceRevisionArn"], full
        revisions = ecs.describe_service_revisions(
            serviceRevisionArns=[old["targetServiceRevisionArn"], full["targetServiceRevision"]["arn"]])
        good, bad = revisions["serviceRevisions"]
        image = good["containerImages"][0]
        assert image["imageDigest"] != bad["containerImages"][0]["imageDigest"]
        definition = ecs.describe_task_definition(taskDefinition=good["taskDefinition"], include=["TAGS"])
        assert definition["taskDefinition"]["status"] == "ACTIVE", definition
        assert definition["taskDefinition"]["containerDefinitions"][0]["image"] == image["image"], definition
        fails("ClientException", ecs.describe_task_definition, taskDefinition="checkout:99")

        tag = image["image"].rsplit(":", 1)[1]
        found = ecr.batch_get_image(repositoryName="checkout", imageIds=[{"imageTag": tag}, {"imageTag": "nope"}])
        assert found["images"][0]["imageId"]["imageDigest"] == image["imageDigest"], found
        assert found["failures"][0]["failureCode"] == "ImageNotFound", found
        details = ecr.describe_images(repositoryName="checkout")["imageDetails"]
        assert sorted(detail["imageTags"][0] for detail in details) == ["42", "43"], details
        fails("ImageNotFoundException", ecr.describe_images, repositoryName="checkout", imageIds=[{"imageTag": "9"}])
        fails("RepositoryNotFoundException", ecr.describe_images, repositoryName="nope")

        running = ecs.list_tasks(cluster="prod", serviceName="checkout")["taskArns"]
        tasks = ecs.describe_tasks(cluster="prod", tasks=running)["tasks"]
        assert {task["lastStatus"] for task in tasks} == {"RUNNING"} and len(tasks) == 4, tasks
        assert {task["containers"][0]["imageDigest"] for task in tasks} == {bad["containerImages"][0]["imageDigest"]}
        assert {task["startedBy"] for task in tasks} == {service["deployments"][0]["id"]}, tasks
        ended = ecs.list_tasks(cluster="prod", serviceName="checkout", desiredStatus="STOPPED")["taskArns"]
        tasks = ecs.describe_tasks(cluster="prod", tasks=ended)["tasks"]
        assert {task["stopCode"] for task in tasks} == {"ServiceSchedulerInitiated"}, tasks
        assert ecs.describe_tasks(cluster="prod", tasks=["0" * 32])["failures"], "a task nobody started"

        fails("ConflictException", ecs.stop_service_deployment, serviceDeploymentArn=new["serviceDeploymentArn"])
        fails("ServiceNotFoundException", ecs.update_service, cluster="prod", service="nobody")
        fails("ClusterNotFoundException", ecs.list_services, cluster="nowhere")
        fails("ClientException", ecs.update_service, cluster="prod", service="checkout", taskDefinition="checkout:99")
        fails("UnknownOperationException", ecs.list_account_settings)

        updated = ecs.update_service(cluster="prod", service="checkout", taskDefinition=good["taskDefinition"])["service"]
        assert [shown["status"] for shown in updated["deployments"]] == ["PRIMARY", "ACTIVE"], updated
        sim.advance(300)
        back, = ecs.describe_services(cluster="prod", services=["checkout"])["services"]
        assert back["taskDefinition"] == good["taskDefinition"] and len(back["deployments"]) == 1, back
        assert history(ecs)[0]["status"] == "SUCCESSFUL"
        ecs.update_service(cluster="prod", service="checkout", forceNewDeployment=True)
        assert len(history(ecs)) == 4

        registered(ecs, image)
        control(sim)


def registered(ecs, image):
    host, digest = image["image"].split("/")[0], image["imageDigest"]
    containers = [{"name": "app", "image": f"{host}/checkout@{digest}"}]
    tags = [{"key": "git-sha", "value": "189b5e9"}]
    made = ecs.register_task_definition(family="checkout", containerDefinitions=containers, tags=tags)
    arn = made["taskDefinition"]["taskDefinitionArn"]
    assert arn.endswith(":task-definition/checkout:44") and made["tags"] == tags, made
    again = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    assert again["taskDefinition"]["containerDefinitions"][0]["image"] == containers[0]["image"], again
    ecs.update_service(cluster="prod", service="checkout", taskDefinition=arn)
    target = history(ecs)[0]["targetServiceRevisionArn"]
    revision, = ecs.describe_service_revisions(serviceRevisionArns=[target])["serviceRevisions"]
    assert (revision["taskDefinition"], revision["containerImages"][0]["imageDigest"]) == (arn, digest), revision
    fails("ClientException", ecs.register_task_definition, family="nobody", containerDefinitions=containers)
    fails("ClientException", ecs.register_task_definition, family="checkout", containerDefinitions=[{"name": "app"}])


def control(sim):
    state = sim.get("/_sim/state")
    assert state["services"]["prod/checkout"]["desired"] == 4, state
    requests = sim.get("/_sim/metrics?hours=1")
    model = boto3.client("cloudwatch", region_name="eu-west-1").meta.service_model
    for request in requests:
        walk(request, model.operation_model("PutMetricData").input_shape, "PutMetricData")
    names = {point["MetricName"] for request in requests for point in request["MetricData"]}
    assert {"RequestCount", "HTTPCode_Target_5XX_Count", "CPUUtilization"} <= names, names
    for alarm in sim.get("/_sim/alarms")["PutMetricAlarm"]:
        walk(alarm, model.operation_model("PutMetricAlarm").input_shape, "PutMetricAlarm")
    calls = sim.get("/_sim/calls")
    assert {"ecs:UpdateService", "ecr:BatchGetImage"} <= {call["operation"] for call in calls}, calls


def in_flight(binary):
    with Sim(binary, "in-flight") as sim:
        ecs = client("ecs", sim.url)
        arn = history(ecs)[0]["serviceDeploymentArn"]
        ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
        statuses = []
        for seconds in (0, 30, 600):
            sim.advance(seconds)
            shown, = ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
            statuses.append(shown["status"])
        assert statuses == ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"], statuses
        assert shown["rollback"]["serviceRevisionArn"] == shown["sourceServiceRevisions"][0]["arn"], shown


def deploying(binary):
    """The account of the conformance suites has a pause hook and CodeDeploy."""
    with Sim(binary, ROOT / "tests/conformance/account.toml") as sim:
        ecs, codedeploy = client("ecs", sim.url), client("codedeploy", sim.url)
        paused, _ = ecs.list_service_deployments(cluster="prod", service="returns")["serviceDeployments"]
        which = {"serviceDeploymentArn": paused["serviceDeploymentArn"]}

        def shown():
            return ecs.describe_service_deployments(serviceDeploymentArns=[*which.values()])["serviceDeployments"][0]

        hook, = shown()["lifecycleHookDetails"]
        fails("InvalidParameterException", ecs.continue_service_deployment, **which, hookId="another")
        ecs.continue_service_deployment(**which, hookId=hook["hookId"], action="ROLLBACK")
        assert shown()["status"] == "ROLLBACK_REQUESTED" and "lifecycleHookDetails" not in shown(), shown()

        assert ecs.list_service_deployments(cluster="prod", service="tickets")["serviceDeployments"] == []
        group = {"applicationName": "AppECS-prod-tickets", "deploymentGroupName": "DgpECS-prod-tickets"}
        found = codedeploy.get_deployment_group(**group)["deploymentGroupInfo"]
        assert found["ecsServices"] == [{"clusterName": "prod", "serviceName": "tickets"}], found
        fails("ApplicationDoesNotExistException", codedeploy.get_deployment_group, **group | {"applicationName": "no"})
        fails("DeploymentGroupDoesNotExistException", codedeploy.get_deployment_group,
              **group | {"deploymentGroupName": "no"})
        new, old, _ = codedeploy.list_deployments(**group)["deployments"]

        def read(deployment):
            return codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

        assert (read(old)["status"], read(new)["status"]) == ("Succeeded", "InProgress"), (read(old), read(new))
        revision = codedeploy.get_application_revision(applicationName=group["applicationName"],
                                                       revision=read(old)["revision"])["revision"]
        assert ":task-definition/tickets:2" in revision["appSpecContent"]["content"], revision
        fails("DeploymentDoesNotExistException", codedeploy.get_deployment, deploymentId="d-NEVERWAS0")
        fails("DeploymentAlreadyCompletedException", codedeploy.stop_deployment, deploymentId=old)
        codedeploy.stop_deployment(deploymentId=new, autoRollbackEnabled=True)
        sim.advance(30)
        back = read(read(new)["rollbackInfo"]["rollbackDeploymentId"])
        assert back["rollbackInfo"]["rollbackTriggeringDeploymentId"] == new, back
        assert (back["creator"], read(new)["status"]) == ("codeDeployRollback", "Stopped"), back


CANARY = """
start = "-10m"
[[service]]
name = "web"
strategy = "CANARY"
canary_percent = 10
canary_bake = "20m"
bake = "10m"
[[service.release]]
revision = 1
at = "-3d"
[[service.release]]
revision = 2
at = "+1s"
"""


def shifting(binary):
    """A canary gets its share, then the rest, and gives it all back."""
    with tempfile.TemporaryDirectory() as folder:
        (path := Path(folder) / "canary.toml").write_text(CANARY)
        with Sim(binary, path) as sim:
            ecs = client("ecs", sim.url)
            sim.advance(300)
            newest, _ = ecs.list_service_deployments(cluster="prod", service="web")["serviceDeployments"]
            which = newest["serviceDeploymentArn"]

            def shown():
                found, = ecs.describe_service_deployments(serviceDeploymentArns=[which])["serviceDeployments"]
                weigh = lambda revision: revision["requestedProductionTrafficWeight"]
                weights = weigh(found["sourceServiceRevisions"][0]), weigh(found["targetServiceRevision"])
                return found["status"], found.get("lifecycleStage"), weights

            assert shown() == ("IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", (90.0, 10.0)), shown()
            service, = ecs.describe_services(cluster="prod", services=["web"])["services"]
            assert [one["runningCount"] for one in service["deployments"]] == [4, 4], service
            assert all("rolloutState" not in one for one in service["deployments"]), service
            balancer, = service["loadBalancers"]
            assert balancer["advancedConfiguration"]["alternateTargetGroupArn"] != balancer["targetGroupArn"], balancer
            assert service["deploymentConfiguration"]["canaryConfiguration"]["canaryPercent"] == 10.0, service
            sim.advance(1200)
            assert shown() == ("IN_PROGRESS", "BAKE_TIME", (0.0, 100.0)), shown()
            ecs.stop_service_deployment(serviceDeploymentArn=which, stopType="ROLLBACK")
            sim.advance(15)
            assert shown() == ("ROLLBACK_IN_PROGRESS", None, (100.0, 0.0)), shown()
            sim.advance(60)
            assert shown() == ("ROLLBACK_SUCCESSFUL", None, (100.0, 0.0)), shown()


def load_spike(binary):
    with Sim(binary, "load-spike") as sim:
        scaling, ecs = client("application-autoscaling", sim.url), client("ecs", sim.url)
        which = {"ServiceNamespace": "ecs", "ResourceId": "service/prod/checkout",
                 "ScalableDimension": "ecs:service:DesiredCount"}
        assert scaling.register_scalable_target(**which, MinCapacity=6)["ScalableTargetARN"]
        target, = scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=["service/prod/checkout"])["ScalableTargets"]
        assert (target["MinCapacity"], target["MaxCapacity"]) == (6, 12), target
        fails("ValidationException", scaling.register_scalable_target, **which, MinCapacity=13)
        sim.advance(180)
        service, = ecs.describe_services(cluster="prod", services=["checkout"])["services"]
        assert (service["desiredCount"], service["runningCount"]) == (6, 6), service


if __name__ == "__main__":
    for story in (bad_release, in_flight, deploying, shifting, registry, costs, never_enabled, load_spike):
        story(sys.argv[1])
    assert not unknown_keys, "\n".join(sorted(set(unknown_keys)))
    print("read", ", ".join(f"{name} x{count}" for name, count in sorted(answers.items())))
