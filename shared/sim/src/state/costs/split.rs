//! Splitting an amount so that its parts sum to it.

/// Parts of `amount` by weight, in its smallest unit: what rounding down leaves
/// over goes to those that lost most by it. Without any weight, the first one
/// gets all of it.
pub(super) fn split(amount: i64, weights: &[u32]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let mut parts = vec![0; weights.len()];
    if sum == 0 {
        if let Some(first) = parts.first_mut() {
            *first = amount;
        }
        return parts;
    }
    let whole = i128::from(amount.unsigned_abs());
    let mut lost: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
    let mut left = whole;
    for (place, weight) in weights.iter().enumerate() {
        let share = whole * i128::from(*weight);
        // A part is never more than the whole, which fits.
        parts[place] = i64::try_from(share / sum).unwrap_or(i64::MAX);
        left -= share / sum;
        lost.push((share % sum, place));
    }
    lost.sort_by_key(|(rest, place)| (std::cmp::Reverse(*rest), *place));
    for (_, place) in lost.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[place] += 1;
    }
    if amount < 0 { parts.into_iter().map(|part| -part).collect() } else { parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_left_over_goes_to_those_that_lost_most() {
        assert_eq!(split(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(split(-10, &[5, 1, 0]), [-8, -2, 0]);
        assert_eq!(split(7, &[0, 0]), [7, 0]);
        assert_eq!(split(1, &[1, 2]), [0, 1]);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(amount in any::<i32>(), weights in prop::collection::vec(any::<u32>(), 1..50)) {
            prop_assert_eq!(split(amount.into(), &weights).iter().sum::<i64>(), i64::from(amount));
        }
    }
}
