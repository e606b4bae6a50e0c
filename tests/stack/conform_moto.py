"""The part of the account of tests/conformance/account.toml that moto has an idea of."""

import json
from pathlib import Path

from conform import client, known, services
from moto_costs import Costs
from moto_registry import Registry
from processes import REGION, Child, credentials, free_port, tool, until

# As a person writes one.
APP_SPEC = """version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: {definition}
        LoadBalancerInfo:
          ContainerName: app
          ContainerPort: 8080
"""


class Moto:
    """moto with the scenario's images, the scalable target with its service, CodeDeploy's
    deployments, and what a service of AWS cost.

    It is another idea of ECR, Application Auto Scaling, CodeDeploy and Cost Explorer than the
    simulator's.
    """

    def __init__(self, folder: Path):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._child = Child(
            [tool("wire", "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
            folder / "moto.log",
            credentials(),
        )
        self.env = {"AWS_ENDPOINT_URL": self.url}
        try:
            self.env["CONFORM_ACCOUNT"] = until("answer of moto", self._answers)
            self._images()
            Registry(self.client("ecr"), self.url).fill()
            self._scaling()
            self.env |= known(self._code_deployments())
            Costs(self.url).fill()
        except BaseException:
            self.stop()
            raise

    def _answers(self):
        self._child.alive()
        try:
            return self.client("sts").get_caller_identity()["Account"]
        except Exception:  # noqa: BLE001 - any failure means: not yet
            return None

    def client(self, service):
        """A boto3 client of it."""
        return client(service, self.url)

    def _images(self):
        """One image for each release; then tags move and images go."""
        ecr = self.client("ecr")

        def push(name, tag, content, annotations=None):
            # moto makes an image's digest of those of its layers.
            part = {"digest": f"sha256:{content:064x}", "size": 1}
            manifest = {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": part | {"mediaType": "application/vnd.oci.image.config.v1+json"},
                "layers": [part | {"mediaType": "application/vnd.oci.image.layer.v1.tar"}],
            }
            if annotations:
                manifest["annotations"] = annotations
            ecr.put_image(repositoryName=name, imageTag=str(tag), imageManifest=json.dumps(manifest))

        for number, service in enumerate(services()):
            name, releases = service["name"], service["release"]
            ecr.create_repository(repositoryName=name)
            for release in releases:
                content = number * 1000 + release["revision"]
                push(name, release["revision"], content, release.get("annotations"))
            for release in releases:
                if release.get("moved_tag"):
                    push(name, release["revision"], number * 1000 + releases[-1]["revision"])
                if release.get("image_gone"):
                    gone = [{"imageTag": str(release["revision"])}]
                    ecr.batch_delete_image(repositoryName=name, imageIds=gone)

    def _scaling(self):
        ecs, scaling = self.client("ecs"), self.client("application-autoscaling")
        ecs.create_cluster(clusterName="prod")
        for service in (one for one in services() if "scaling" in one):
            name = service["name"]
            ecs.register_task_definition(
                family=name, containerDefinitions=[{"name": "app", "image": "app", "memory": 1}]
            )
            ecs.create_service(
                cluster="prod", serviceName=name, taskDefinition=name, desiredCount=service["desired"]
            )
            scaling.register_scalable_target(
                ServiceNamespace="ecs",
                ResourceId=f"service/prod/{name}",
                ScalableDimension="ecs:service:DesiredCount",
                MinCapacity=service["scaling"]["min"],
                MaxCapacity=service["scaling"]["max"],
            )

    def _code_deployments(self):
        """The deployments of `tickets`, newest first. None is ever begun or ends."""
        codedeploy, number = self.client("codedeploy"), self.env["CONFORM_ACCOUNT"]
        codedeploy.create_application(applicationName="tickets", computePlatform="ECS")
        group = {"applicationName": "tickets", "deploymentGroupName": "tickets"}
        codedeploy.create_deployment_group(
            **group,
            serviceRoleArn=f"arn:aws:iam::{number}:role/deploys",
            ecsServices=[{"clusterName": "prod", "serviceName": "tickets"}],
        )
        (tickets,) = (one for one in services() if one["name"] == "tickets")

        def deploy(revision):
            definition = f"arn:aws:ecs:{REGION}:{number}:task-definition/tickets:{revision}"
            content = APP_SPEC.format(definition=definition)
            spec = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
            return codedeploy.create_deployment(**group, revision=spec)["deploymentId"]

        return [deploy(release["revision"]) for release in tickets["release"]][::-1]

    def stop(self):
        """Ends it."""
        self._child.stop()
