//! Two texts, line by line: what only one of them has.

use std::fmt::Write as _;

/// Lines around a difference that are shown with it.
const AROUND: usize = 2;

/// The lines of `old` and `new`: `-` only in the first, `+` only in the
/// second, ` ` in both, and `…` where equal lines are left out. Empty if the
/// texts are equal.
pub fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let left = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(left).take_while(|(one, other)| one == other).count();
    let middle = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let mut rows: Vec<(char, &str)> = old[..start].iter().map(|line| (' ', *line)).collect();
    rows.extend(changes(middle.0, middle.1));
    rows.extend(old[old.len() - end..].iter().map(|line| (' ', *line)));
    shown(&rows)
}

/// The longest common subsequence, and what is left of either side.
fn changes<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for (row, one) in old.iter().enumerate().rev() {
        for (column, other) in new.iter().enumerate().rev() {
            longest[row * width + column] = if one == other {
                longest[(row + 1) * width + column + 1] + 1
            } else {
                longest[(row + 1) * width + column].max(longest[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column, mut rows) = (0, 0, Vec::new());
    while row < old.len() || column < new.len() {
        let both = row < old.len() && column < new.len();
        if both && old[row] == new[column] {
            rows.push((' ', old[row]));
            (row, column) = (row + 1, column + 1);
        } else if column == new.len()
            || (both && longest[(row + 1) * width + column] >= longest[row * width + column + 1])
        {
            rows.push(('-', old[row]));
            row += 1;
        } else {
            rows.push(('+', new[column]));
            column += 1;
        }
    }
    rows
}

fn shown(rows: &[(char, &str)]) -> String {
    let near = |index: usize| {
        let range = index.saturating_sub(AROUND)..(index + AROUND + 1).min(rows.len());
        rows[range].iter().any(|(sign, _)| *sign != ' ')
    };
    let (mut text, mut left_out) = (String::new(), false);
    for (index, (sign, line)) in rows.iter().enumerate() {
        if near(index) {
            let _ = writeln!(text, "{sign} {line}");
        } else if !left_out && rows.iter().any(|(sign, _)| *sign != ' ') {
            text.push_str("…\n");
        }
        left_out = !near(index);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_do_not_differ() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), "");
        assert_eq!(diff("", ""), "");
    }

    #[test]
    fn only_what_differs_is_shown_with_its_surroundings() {
        let old = "1\n2\n3\n4\n5\n6\n7\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n";
        assert_eq!(diff(old, new), "…\n  3\n  4\n- 5\n+ five\n  6\n  7\n+ 8\n");
        assert_eq!(diff("", "a\n"), "+ a\n");
        assert_eq!(diff("a\n", ""), "- a\n");
    }

    #[test]
    fn a_moved_line_leaves_the_others_alone() {
        assert_eq!(diff("a\nb\nc\n", "c\na\nb\n"), "+ c\n  a\n  b\n- c\n");
    }
}
