//! The plain page: text for e-mail and SMS, where there is no pager and when nothing else
//! got through.

use nightshift_core::notice::Notice;
use nightshift_core::notice::plain::{plain, subject as ascii};

/// The subject.
pub fn subject(notice: &Notice) -> String {
    ascii(&format!("[nightshift] {}", notice.headline.replace(" · ", " ")))
}

/// The notice, and why it comes this way.
pub fn text(notice: &Notice, undelivered: &[String]) -> String {
    if undelivered.is_empty() {
        let why = "You get this because somebody is needed, and this stack has the key of no pager.";
        return format!("{}\n{why}\n", plain(notice));
    }
    let why = undelivered.iter().map(|why| format!("  {why}\n")).collect::<String>();
    format!("{}\nYou get this because it could not be delivered otherwise:\n{why}", plain(notice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_plain_page_says_why_it_comes_this_way() {
        let notice = samples::notice("escalated");
        let text = text(&notice, &["slack: denied: invalid_auth".to_owned()]);
        assert!(text.contains(&notice.headline) && text.contains("\n  slack: denied: invalid_auth\n"), "{text}");
        let expect =
            "[nightshift] P1 prod/checkout prod checkout-5xx - needs you, rolling back to checkout:42 did not...";
        assert_eq!(subject(&notice), expect);
    }
}
