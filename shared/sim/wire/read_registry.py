"""The registry of the simulator, as boto3 reads and changes it."""

import hashlib
import json

from reading import ROOT, Sim, client, fails, pages


def registry(binary):
    """The account of the conformance suites has repositories and scans."""
    with Sim(binary, ROOT / "tests/conformance/account.toml") as sim:
        ecr = client("ecr", sim.url)
        every = pages(ecr.describe_repositories, lambda page: page["repositories"], maxResults=3)
        names = [one["repositoryName"] for one in every]
        assert {"checkout", "team/scanned", "team/watched"} <= set(names) and len(names) > 3, names
        scanned, = ecr.describe_repositories(repositoryNames=["team/scanned"])["repositories"]
        assert scanned["imageTagMutability"] == "IMMUTABLE", scanned
        fails("RepositoryNotFoundException", ecr.describe_repositories, repositoryNames=["nope"])
        tags = ecr.list_tags_for_resource(resourceArn=scanned["repositoryArn"])["tags"]
        assert {"Key": "nightshift", "Value": "act"} in tags, tags
        assert "rules" in json.loads(ecr.get_lifecycle_policy(repositoryName="team/scanned")["lifecyclePolicyText"])
        fails("LifecyclePolicyNotFoundException", ecr.get_lifecycle_policy, repositoryName="team/watched")
        config = ecr.batch_get_repository_scanning_configuration(repositoryNames=["team/watched", "nope"])
        assert config["scanningConfigurations"][0]["scanFrequency"] == "CONTINUOUS_SCAN", config
        assert config["failures"][0]["failureCode"] == "REPOSITORY_NOT_FOUND", config
        findings(ecr)
        tagging(ecr)
        archive(ecr)

        ecr.put_image_scanning_configuration(repositoryName="checkout",
                                             imageScanningConfiguration={"scanOnPush": True})
        ecr.put_image_tag_mutability(repositoryName="checkout", imageTagMutability="IMMUTABLE")
        checkout, = ecr.describe_repositories(repositoryNames=["checkout"])["repositories"]
        assert checkout["imageScanningConfiguration"]["scanOnPush"], checkout
        assert checkout["imageTagMutability"] == "IMMUTABLE", checkout


def findings(ecr):
    def shown(name, tag, **more):
        return ecr.describe_image_scan_findings(repositoryName=name, imageId={"imageTag": tag}, **more)

    basic = shown("team/scanned", "flawed")
    assert basic["imageScanStatus"]["status"] == "COMPLETE", basic
    assert basic["imageScanFindings"]["findingSeverityCounts"] == {"CRITICAL": 1, "HIGH": 1}, basic
    assert len(basic["imageScanFindings"]["findings"]) == 2, basic
    enhanced = shown("team/watched", "flawed")
    assert enhanced["imageScanStatus"]["status"] == "ACTIVE", enhanced
    first, *others = enhanced["imageScanFindings"]["enhancedFindings"]
    assert (first["exploitAvailable"], len(others)) == ("YES", 2), enhanced
    assert first["packageVulnerabilityDetails"]["vulnerablePackages"][0]["fixedInVersion"] == "3.0.12", first
    many = pages(ecr.describe_image_scan_findings, lambda page: page["imageScanFindings"]["findings"],
                 repositoryName="team/scanned", imageId={"imageTag": "many"}, maxResults=60)
    assert len({finding["name"] for finding in many}) == len(many) == 250
    failed = shown("team/scanned", "failed")
    assert failed["imageScanStatus"]["status"] == "FAILED" and "imageScanFindings" not in failed, failed
    fails("ScanNotFoundException", shown, name="checkout", tag="43")
    fails("ImageNotFoundException", shown, name="team/scanned", tag="nope")


def tagging(ecr):
    watched = {"repositoryName": "team/watched"}

    def get(tag, **more):
        return ecr.batch_get_image(**watched, imageIds=[{"imageTag": tag}], **more)["images"][0]

    for tag in ("flawed", "docker", "multi"):
        image = get(tag)
        digest, manifest = image["imageId"]["imageDigest"], image["imageManifest"]
        assert digest == f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}", image
        put = {"imageManifest": manifest, "imageManifestMediaType": image["imageManifestMediaType"]}
        marked = ecr.put_image(**watched, **put, imageTag="mark", imageDigest=digest)["image"]
        assert marked["imageId"] == {"imageDigest": digest, "imageTag": "mark"}, marked
        fails("ImageAlreadyExistsException", ecr.put_image, **watched, **put, imageTag="mark")
        rewritten = json.dumps(json.loads(manifest))
        fails("ImageDigestDoesNotMatchException", ecr.put_image, **watched,
              **put | {"imageManifest": rewritten}, imageTag="other", imageDigest=digest)
    # The tag moved each time, and the images that it left are still there.
    details = pages(ecr.describe_images, lambda page: page["imageDetails"], **watched, maxResults=2)
    carriers = {tag: one["imageDigest"] for one in details for tag in one.get("imageTags", [])}
    assert carriers["mark"] == carriers["multi"] and {"flawed", "docker"} <= carriers.keys(), carriers
    platform = get("multi", acceptedMediaTypes=["application/vnd.oci.image.manifest.v1+json"])
    entries = json.loads(get("multi")["imageManifest"])["manifests"]
    assert platform["imageId"]["imageDigest"] == entries[0]["digest"], platform
    deleting(ecr, watched, carriers["multi"], entries[0])

    scanned = {"repositoryName": "team/scanned"}
    image = ecr.batch_get_image(**scanned, imageIds=[{"imageTag": "many"}])["images"][0]
    fails("ImageTagAlreadyExistsException", ecr.put_image, **scanned, imageManifest=image["imageManifest"],
          imageTag="flawed")


def deleting(ecr, watched, multi, entry):
    def delete(**which):
        return ecr.batch_delete_image(**watched, imageIds=[which])

    untied = delete(imageTag="mark")
    assert untied["imageIds"] == [{"imageDigest": multi, "imageTag": "mark"}], untied
    found = ecr.batch_get_image(**watched, imageIds=[{"imageTag": "multi"}])["images"][0]
    assert found["imageId"]["imageDigest"] == multi, found
    protected = delete(imageDigest=entry["digest"])
    assert protected["failures"][0]["failureCode"] == "ImageReferencedByManifestList", protected
    index = json.loads(found["imageManifest"]) | {"manifests": [entry | {"digest": "sha256:" + "0" * 64}]}
    fails("ReferencedImagesNotFoundException", ecr.put_image, **watched, imageManifest=json.dumps(index))


def archive(ecr):
    which = {"repositoryName": "team/watched"}

    def described(**more):
        return {one["imageDigest"]: one["imageStatus"] for one in ecr.describe_images(**which, **more)["imageDetails"]}

    digest, = described(imageIds=[{"imageTag": "docker"}])
    image = {"imageDigest": digest}
    stored = ecr.update_image_storage_class(**which, imageId=image, targetStorageClass="ARCHIVE")
    assert stored["imageStatus"] == "ARCHIVED", stored
    fails("ImageNotFoundException", ecr.describe_images, **which, imageIds=[image])
    assert digest not in described()
    assert described(filter={"imageStatus": "ARCHIVED"}) == {digest: "ARCHIVED"}
    assert described(filter={"imageStatus": "ANY"}).keys() > {digest}
    unread = ecr.batch_get_image(**which, imageIds=[{"imageTag": "docker"}])["failures"]
    assert unread[0]["failureCode"] == "ImageInaccessible", unread
    status = ecr.describe_image_scan_findings(**which, imageId=image)["imageScanStatus"]["status"]
    assert status == "IMAGE_ARCHIVED", status
    back = ecr.update_image_storage_class(**which, imageId=image, targetStorageClass="STANDARD")
    assert back["imageStatus"] == "ACTIVATING", back
