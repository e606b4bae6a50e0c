//! Amazon S3: pictures, and links to them.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_types::SdkConfig;
use futures_util::FutureExt as _;
use nightshift_core::ports::{Answer, PictureWrites};

use crate::client::Account;
use crate::fault::{fault, unreadable};
use crate::meter::Meter;
use crate::settings::Settings;

const PUT: &str = "s3:PutObject";
const GET: &str = "s3:GetObject";

/// No role's session is longer, and a link dies with the session that signed it.
const LINK: Duration = Duration::from_secs(12 * 60 * 60);

/// Emulators have one host for all buckets.
pub(crate) fn client(settings: &Settings, config: &SdkConfig, meter: Meter) -> Client {
    let config = Builder::from(config).force_path_style(settings.emulated()).interceptor(meter);
    Client::from_conf(config.build())
}

impl PictureWrites for Account {
    async fn keep_picture(&self, name: &str, png: &[u8]) -> Answer<String> {
        let bucket = self.settings.picture_bucket(PUT)?;
        let body = ByteStream::from(png.to_vec());
        let put = self.s3.put_object().bucket(bucket).key(name).content_type("image/png").body(body);
        put.send().boxed().await.map_err(|error| fault(PUT, name, &error))?;
        self.link(bucket, name).await
    }
}

impl Account {
    /// Signed here: nothing is asked of S3.
    async fn link(&self, bucket: &str, name: &str) -> Answer<String> {
        let wanted = PresigningConfig::expires_in(LINK).map_err(|error| unreadable(GET, name, error.to_string()))?;
        let signed = self.s3.get_object().bucket(bucket).key(name).presigned(wanted).await;
        Ok(signed.map_err(|error| fault(GET, name, &error))?.uri().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use nightshift_core::settings::Variables;
    use nightshift_core::tally::Tallied;

    use super::*;

    fn account(more: &[(&str, &str)]) -> Account {
        let base = [("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
        let variables = base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Account::new(Settings::read(&Variables(variables.collect())).unwrap())
    }

    fn run<T>(call: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(call)
    }

    fn link(more: &[(&str, &str)]) -> String {
        run(account(more).link("night", "pictures/report-1.png")).unwrap()
    }

    #[test]
    fn a_link_needs_no_header_and_is_good_for_half_a_day() {
        let link = link(&[("AWS_SESSION_TOKEN", "swordfish")]);
        let (address, query) = link.split_once('?').unwrap();
        assert_eq!(address, "https://night.s3.eu-west-1.amazonaws.com/pictures/report-1.png");
        for wanted in ["X-Amz-SignedHeaders=host&", "X-Amz-Expires=43200&", "X-Amz-Security-Token=swordfish"] {
            assert!(format!("{query}&").contains(wanted), "{query}");
        }
        assert!(!link.contains("hunter2") && !link.contains("checksum"), "{link}");
    }

    #[test]
    fn an_emulators_link_names_the_bucket_in_its_path() {
        let link = link(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:8")]);
        assert!(link.starts_with("http://127.0.0.1:8/night/pictures/report-1.png?"), "{link}");
    }

    #[test]
    fn a_link_is_no_call() {
        let account = account(&[]);
        run(account.link("night", "pictures/report-1.png")).unwrap();
        assert_eq!(account.tally().take().calls.len(), 0);
    }

    #[test]
    fn without_a_bucket_the_fault_names_the_variable() {
        let fault = run(account(&[]).keep_picture("pictures/report-1.png", b"PNG")).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "s3:PutObject NIGHTSHIFT_PICTURE_BUCKET failed: environment variable NIGHTSHIFT_PICTURE_BUCKET is not set"
        );
    }
}
