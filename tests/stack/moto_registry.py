"""moto's repositories, images and scan results: those of tests/conformance/account.toml."""

import hashlib
import json
import tomllib
import urllib.request

from conform import SCENARIO
from processes import REGION

OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker.distribution.manifest"


def sha256(text):
    """The digest of a text."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class Registry:
    """What the scenario says of repositories and images, and not of releases."""

    def __init__(self, ecr, url):
        self._ecr = ecr
        self._url = url
        scenario = tomllib.loads(SCENARIO.read_text(encoding="utf-8"))
        self._repositories = {one["name"]: one for one in scenario["repository"]}
        self._images = scenario["image"]
        self._flaws = {one["id"]: one for one in scenario["vulnerability"]}

    def fill(self):
        """Makes all of it."""
        frequency = {"on-push": "SCAN_ON_PUSH", "continuous": "CONTINUOUS_SCAN"}
        rules = [
            {
                "scanFrequency": frequency[one["scans"]],
                "repositoryFilters": [{"filter": name, "filterType": "WILDCARD"}],
            }
            for name, one in self._repositories.items()
        ]
        self._ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=rules)
        for name, one in self._repositories.items():
            self._ecr.create_repository(
                repositoryName=name,
                tags=[{"Key": key, "Value": value} for key, value in one.get("tags", {}).items()],
                imageTagMutability=one.get("mutability", "mutable").upper(),
            )
            if "lifecycle" in one:
                self._ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=one["lifecycle"])
        for image in self._images:
            digest = self._push(image)
            if not image.get("platforms"):
                self._scan(image, digest)

    def _push(self, image):
        word = f"{image['repository']}:{image['tag']}"
        platforms = image.get("platforms", [])
        if not platforms:
            return self._put(image, self._manifest(word, image.get("docker", False)), image["tag"])
        entries = []
        for platform in platforms:
            manifest = self._manifest(f"{word} {platform}", docker=False)
            system, architecture = platform.split("/")
            entries.append(
                {
                    "mediaType": f"{OCI}.manifest.v1+json",
                    "digest": self._put(image, manifest, None),
                    "size": 1,
                    "platform": {"os": system, "architecture": architecture},
                }
            )
        index = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": entries}
        return self._put(image, index, image["tag"])

    @staticmethod
    def _manifest(word, docker):
        kinds = (f"{DOCKER}.v2+json", "application/vnd.docker.image.rootfs.diff.tar.gzip")
        manifest, layer = kinds if docker else (f"{OCI}.manifest.v1+json", f"{OCI}.layer.v1.tar+gzip")
        return {
            "schemaVersion": 2,
            "mediaType": manifest,
            "config": {"mediaType": "application/json", "digest": sha256(f"config {word}"), "size": 1},
            "layers": [{"mediaType": layer, "digest": sha256(word), "size": 1}],
        }

    def _put(self, image, manifest, tag):
        # Spread over lines, so that whoever writes it anew gets another text.
        text = json.dumps(manifest, indent=3)
        # moto takes any digest for it: here it gets ECR's.
        digest = sha256(text)
        named = {"imageTag": tag} if tag else {}
        self._ecr.put_image(
            repositoryName=image["repository"], imageManifest=text, imageDigest=digest,
            imageManifestMediaType=manifest["mediaType"], **named,
        )  # fmt: skip
        return digest

    def _scan(self, image, digest):
        name = image["repository"]
        self._ecr.start_image_scan(repositoryName=name, imageId={"imageDigest": digest})
        enhanced = self._repositories[name].get("scanning") == "enhanced"
        result = {
            "registryId": "123456789012",
            "repositoryName": name,
            "imageId": {"imageDigest": digest},
            "imageScanStatus": {"status": image.get("scan", "ACTIVE" if enhanced else "COMPLETE")},
        }
        if "scan" not in image:
            found = [flaw for one in image.get("findings", []) for flaw in self._found(one, enhanced)]
            severities = [flaw["severity"] for flaw in found]
            result["imageScanFindings"] = {
                "enhancedFindings" if enhanced else "findings": found,
                "findingSeverityCounts": {one: severities.count(one) for one in set(severities)},
            }
        body = json.dumps({"region": REGION, "results": [result]}).encode()
        request = urllib.request.Request(
            f"{self._url}/moto-api/static/ecr/scan-finding-results",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 201

    def _found(self, name, enhanced):
        flaw = self._flaws[name]
        # Only continuous scanning finds what became known after the push.
        if "known_at" in flaw and not enhanced:
            return []
        count = flaw.get("count", 1)
        names = [name] if count == 1 else [f"{name}-{number:04}" for number in range(1, count + 1)]
        return [self._shape(flaw, name, enhanced) for name in names]

    @staticmethod
    def _shape(flaw, name, enhanced):
        severity = flaw["severity"].upper()
        if not enhanced:
            attributes = {"package_name": flaw["package"], "package_version": flaw["installed"]}
            said = [{"key": key, "value": value} for key, value in attributes.items()]
            return {"name": name, "severity": severity, "attributes": said}
        package = {"name": flaw["package"], "version": flaw["installed"]}
        if "fixed_in" in flaw:
            package["fixedInVersion"] = flaw["fixed_in"]
        shape = {
            "status": "ACTIVE",
            "severity": severity,
            "title": name,
            "fixAvailable": "YES" if "fixed_in" in flaw else "NO",
            "packageVulnerabilityDetails": {"vulnerabilityId": name, "vulnerablePackages": [package]},
        }
        if "exploit" in flaw:
            shape["exploitAvailable"] = "YES" if flaw["exploit"] else "NO"
        return shape
