//! The ports of whoever looks after images.

use std::future::Future;

use jiff::Timestamp;

use super::Answer;
use crate::ids::{Digest, ServiceRef};
use crate::image::{
    ImageDetail, ImageId, ImageRecord, Repository, Run, RunningImage, Scan, ServiceImages, Tagging, Untagging,
};
use crate::ledger::Versioned;

/// Reads what scans found.
pub trait ScanReads: Sync {
    /// `ecr:DescribeImageScanFindings`, all pages of it up to a few thousand
    /// findings. That it was never scanned, or is gone, is an answer.
    fn scan(&self, image: &ImageId) -> impl Future<Output = Answer<Scan>> + Send;
}

/// Reads the account's registry.
pub trait RegistryReads: Sync {
    /// `ecr:DescribeRepositories`: the names of all repositories, in order.
    fn repositories(&self) -> impl Future<Output = Answer<Vec<String>>> + Send;

    /// `ecr:DescribeRepositories`, `ecr:ListTagsForResource`,
    /// `ecr:BatchGetRepositoryScanningConfiguration` and
    /// `ecr:GetLifecyclePolicy`. `None`: there is none of that name.
    fn repository(&self, name: &str) -> impl Future<Output = Answer<Option<Repository>>> + Send;

    /// `ecr:DescribeImages`: all images of a repository, archived ones too, by
    /// digest. Of a repository that is not there: none.
    fn images_in(&self, repository: &str) -> impl Future<Output = Answer<Vec<ImageDetail>>> + Send;

    /// `ecr:DescribeImages` of one. `None`: it is not there.
    fn image_detail(&self, image: &ImageId) -> impl Future<Output = Answer<Option<ImageDetail>>> + Send;

    /// `ecr:BatchGetImage`: digests of the platforms' manifests, in the order
    /// of the index; empty of an image that is none, or is not there.
    fn platforms(&self, image: &ImageId) -> impl Future<Output = Answer<Vec<Digest>>> + Send;
}

/// Changes the account's registry, where it was opted in. Nothing here deletes
/// an image.
pub trait RegistryWrites: Sync {
    /// `ecr:BatchGetImage` and `ecr:PutImage`: the manifest byte for byte, and
    /// its digest beside it. A tag is never moved away from another image.
    fn add_tag(&self, image: &ImageId, tag: &str) -> impl Future<Output = Answer<Tagging>> + Send;

    /// `ecr:DescribeImages` and `ecr:BatchDeleteImage` by tag, if the image has
    /// another one. That ECR deletes an image with its last tag leaves a moment in
    /// which somebody else may take the other one off.
    fn remove_tag(&self, image: &ImageId, tag: &str) -> impl Future<Output = Answer<Untagging>> + Send;

    /// `ecr:DescribeImages` and `ecr:UpdateImageStorageClass`: to the archive,
    /// or back. Where it is already, nothing is done.
    fn archive(&self, image: &ImageId, archived: bool) -> impl Future<Output = Answer<()>> + Send;

    /// `ecr:PutImageScanningConfiguration`: images are scanned when pushed.
    fn scan_on_push(&self, repository: &str) -> impl Future<Output = Answer<()>> + Send;

    /// `ecr:PutImageTagMutability`: no tag may be moved any more.
    fn make_immutable(&self, repository: &str) -> impl Future<Output = Answer<()>> + Send;
}

/// Reads which images tasks run.
pub trait RunningReads: Sync {
    /// `ecs:ListTasks` (RUNNING) and `ecs:DescribeTasks`: the images of the
    /// service's tasks, each once, in order.
    fn running_images(&self, service: &ServiceRef) -> impl Future<Output = Answer<Vec<RunningImage>>> + Send;
}

/// Remembers images.
pub trait ImageLedger: Sync {
    /// `dynamodb:GetItem`, consistent.
    fn image_record(&self, image: &ImageId) -> impl Future<Output = Answer<Versioned<ImageRecord>>> + Send;

    /// `dynamodb:PutItem` on the condition that nobody wrote in between;
    /// `false` if somebody did.
    fn keep_image(&self, image: &Versioned<ImageRecord>) -> impl Future<Output = Answer<bool>> + Send;

    /// `dynamodb:Query` of the index: images that are quarantined, or of which
    /// somebody was told something that is not over.
    fn open_images(&self) -> impl Future<Output = Answer<Vec<ImageId>>> + Send;
}

/// Reads which services need which images.
pub trait RunsReads: Sync {
    /// `dynamodb:Query`, consistent: who needs an image of this repository.
    fn runs_of(&self, repository: &str) -> impl Future<Output = Answer<Vec<Run>>> + Send;

    /// `dynamodb:Query`, consistent: the services that run an image with this
    /// finding, each once.
    fn spread(&self, finding: &str) -> impl Future<Output = Answer<Vec<ServiceRef>>> + Send;
}

/// Remembers which services need which images.
pub trait RunsLedger: Sync {
    /// `dynamodb:GetItem`, consistent: when the last look that saw every service
    /// began. `None`: there was none yet.
    fn runs_known(&self) -> impl Future<Output = Answer<Option<Timestamp>>> + Send;

    /// `dynamodb:PutItem`: a look that began then has seen every service.
    fn keep_runs_known(&self, at: Timestamp) -> impl Future<Output = Answer<()>> + Send;

    /// `dynamodb:GetItem`, consistent. A service nobody has looked at needs
    /// nothing yet.
    fn service_images(&self, service: &ServiceRef) -> impl Future<Output = Answer<ServiceImages>> + Send;

    /// `dynamodb:PutItem` and `dynamodb:DeleteItem`: what it needs now, in place
    /// of `before`. The service's own item comes last: whoever is interrupted
    /// does it all again.
    fn keep_service_images(
        &self,
        service: &ServiceRef,
        before: &ServiceImages,
        now: &ServiceImages,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// `dynamodb:PutItem` and `dynamodb:DeleteItem`: the services that run an
    /// image with this finding, by image; none takes it back.
    fn keep_spread(
        &self,
        finding: &str,
        image: &ImageId,
        services: &[ServiceRef],
    ) -> impl Future<Output = Answer<()>> + Send;
}
