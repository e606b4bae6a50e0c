//! All pages of an answer: the SDK has no paginators for Cost Explorer.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use nightshift_core::fault::{Fault, FaultKind};
use nightshift_core::ports::Answer;

use crate::fault::{code, fault, unreadable};

/// Each costs a cent: what has more was asked for by mistake.
const MOST_PAGES: u32 = 100;

/// All pages, oldest first, and how many requests they took. If the data
/// changed between two pages, it begins anew, once.
pub(super) async fn all_pages<P, E, Page>(
    operation: &str,
    resource: &str,
    ask: impl Fn(Option<String>) -> Page + Send,
) -> Answer<(Vec<P>, u32)>
where
    P: Send,
    E: ProvideErrorMetadata + Error + 'static,
    Page: Future<Output = Result<(P, Option<String>), SdkError<E, HttpResponse>>> + Send,
{
    let (mut pages, mut token, mut requests, mut anew) = (Vec::new(), None, 0, false);
    loop {
        if requests >= MOST_PAGES {
            return Err(unreadable(operation, resource, format!("the answer has more than {MOST_PAGES} pages")));
        }
        requests += 1;
        match ask(token.take()).await {
            Ok((page, next)) => {
                pages.push(page);
                token = next.filter(|next| !next.is_empty());
                if token.is_none() {
                    return Ok((pages, requests));
                }
            }
            Err(error) if code(&error) == Some("RequestChangedException") && !anew => {
                pages.clear();
                anew = true;
            }
            Err(error) => return Err(met(operation, resource, &error)),
        }
    }
}

/// What was met: elsewhere this code is a quota's, here it means to be slower.
pub(super) fn met<E>(operation: &str, resource: &str, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let fault = fault(operation, resource, error);
    match code(error) {
        Some("LimitExceededException" | "RequestChangedException") => Fault { kind: FaultKind::Transient, ..fault },
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_sdk_costexplorer::operation::get_tags::GetTagsError;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    /// What AWS answers.
    #[derive(Clone, Copy)]
    enum Told {
        /// A page, and the token of the next one.
        Page(u32, Option<&'static str>),
        /// A code.
        Refused(&'static str),
    }
    use Told::{Page, Refused};

    /// What came of it, and the tokens that were asked for.
    struct Came {
        answer: Answer<(Vec<u32>, u32)>,
        asked: Vec<Option<String>>,
    }

    fn all(told: &[Told]) -> Came {
        let (told, asked) = (Mutex::new(told.iter()), Mutex::new(Vec::new()));
        let ask = |token: Option<String>| {
            asked.lock().unwrap().push(token);
            let told = *told.lock().unwrap().next().unwrap();
            async move {
                match told {
                    Page(number, next) => Ok((number, next.map(ToOwned::to_owned))),
                    Refused(code) => {
                        let error = GetTagsError::generic(ErrorMetadata::builder().code(code).message("no").build());
                        let answer = HttpResponse::new(400.try_into().unwrap(), SdkBody::empty());
                        Err(SdkError::service_error(error, answer))
                    }
                }
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(all_pages("ce:GetTags", "team", ask));
        Came { answer, asked: asked.into_inner().unwrap() }
    }

    fn token(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn pages_are_asked_for_until_there_is_no_next_one() {
        let came = all(&[Page(1, Some("a")), Page(2, Some("b")), Page(3, Some(""))]);
        assert_eq!(came.answer, Ok((vec![1, 2, 3], 3)));
        assert_eq!(came.asked, [None, token("a"), token("b")]);
    }

    #[test]
    fn data_that_changed_between_two_pages_is_read_anew_once() {
        let changed = Refused("RequestChangedException");
        let came = all(&[Page(1, Some("a")), changed, Page(7, Some("b")), Page(8, None)]);
        assert_eq!(came.answer, Ok((vec![7, 8], 4)));
        assert_eq!(came.asked, [None, token("a"), None, token("b")]);
        let again = all(&[Page(1, Some("a")), changed, changed]);
        assert_eq!((again.answer.unwrap_err().kind, again.asked.len()), (FaultKind::Transient, 3));
    }

    #[test]
    fn a_limit_of_cost_explorer_is_one_of_pace() {
        let kind = |code| all(&[Refused(code)]).answer.unwrap_err().kind;
        assert_eq!(kind("LimitExceededException"), FaultKind::Transient);
        assert_eq!(kind("AccessDeniedException"), FaultKind::Denied);
        assert_eq!(kind("DataUnavailableException"), FaultKind::Permanent);
    }

    #[test]
    fn an_answer_without_end_is_given_up() {
        let came = all(&[Page(1, Some("again")); MOST_PAGES as usize + 1]);
        assert_eq!((came.answer.unwrap_err().kind, came.asked.len()), (FaultKind::Permanent, 100));
    }
}
