//! Text for a terminal: colours where they are wanted, and lines that fit.

/// Puts colour on text, or leaves it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    /// Colours are wanted.
    pub colour: bool,
    /// So wide are the lines.
    pub columns: usize,
}

/// A colour or weight, as ANSI numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Trouble.
    Red,
    /// Something is being done.
    Amber,
    /// Something is being looked at.
    Blue,
    /// All is well.
    Green,
    /// People.
    Violet,
    /// What may be skipped.
    Dim,
    /// What may not.
    Bold,
}

impl Paint {
    /// No colours, in lines that are easily read.
    pub const PLAIN: Self = Self { colour: false, columns: Self::MOST };
    /// Longer lines are hard to read, …
    const MOST: usize = 100;
    /// … and shorter ones have no room for a word beside a label.
    const LEAST: usize = 60;

    /// As the terminal is wide, if it is one.
    pub fn at_terminal(colour: bool) -> Self {
        let wide = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
        Self { colour, columns: wide.map_or(Self::MOST, |wide| wide.clamp(Self::LEAST, Self::MOST)) }
    }

    /// The text in that ink.
    pub fn ink(self, ink: Ink, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Red => "31",
            Ink::Amber => "33",
            Ink::Blue => "34",
            Ink::Green => "32",
            Ink::Violet => "35",
            Ink::Dim => "2",
            Ink::Bold => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Text from outside without what a terminal would obey: control characters
/// become spaces, marks that turn the direction of writing go.
pub fn harmless(text: &str) -> String {
    let turns = |letter: &char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|letter| !turns(letter)).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The text, made harmless, in lines of at most `width` characters, broken
/// between words; a word that is longer stands alone.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = harmless(text);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        let Some(last) = lines.last_mut() else { break };
        if used > 0 {
            last.push(' ');
            used += 1;
        }
        last.push_str(word);
        used += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("unbreakable word", 4), ["unbreakable", "word"]);
        assert_eq!(wrapped("größer → kleiner", 8), ["größer →", "kleiner"]);
        assert_eq!(wrapped("", 8), [""]);
    }

    #[test]
    fn a_terminal_obeys_nothing_from_outside() {
        assert_eq!(wrapped("\u{1b}[2Jgone\u{202e}\u{7}", 80), ["[2Jgone "]);
    }

    #[test]
    fn colour_is_only_put_on_where_it_is_wanted() {
        assert_eq!(Paint::PLAIN.ink(Ink::Red, "no"), "no");
        assert_eq!(Paint { colour: true, ..Paint::PLAIN }.ink(Ink::Red, "no"), "\u{1b}[31mno\u{1b}[0m");
    }
}
