//! What numbers have been, as a line of bars.

use crate::lines::Line;
use std::collections::{HashMap, VecDeque};

/// How many values are kept of each number.
const KEPT: usize = 24;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The last values of each number, by its path.
#[derive(Default)]
pub struct History {
    numbers: HashMap<String, VecDeque<f64>>,
}

impl History {
    /// Adds the numbers of a version. What has left the state is forgotten.
    pub fn add(&mut self, lines: &[Line]) {
        let mut numbers = HashMap::with_capacity(self.numbers.len());
        for line in lines {
            let Some(number) = line.text.parse::<f64>().ok().filter(|number| number.is_finite()) else { continue };
            let mut values = self.numbers.remove(&line.path).unwrap_or_default();
            if values.len() == KEPT {
                values.pop_front();
            }
            values.push_back(number);
            numbers.insert(line.path.clone(), values);
        }
        self.numbers = numbers;
    }

    /// The values at `path` as bars from their least to their largest; nothing for a number that has not changed.
    pub fn bars(&self, path: &str) -> String {
        let Some(values) = self.numbers.get(path) else { return String::new() };
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let range = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - least;
        if !range.is_finite() || range <= 0.0 {
            return String::new();
        }
        let bar = |value: &f64| BARS[((value - least) / range * (BARS.len() - 1) as f64).round() as usize];
        values.iter().map(bar).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str, text: &str) -> Line {
        Line { depth: 0, label: path.into(), path: path.into(), text: text.into() }
    }

    #[test]
    fn bars_go_from_the_least_to_the_largest() {
        let mut history = History::default();
        for number in ["0", "7", "3.5", "0"] {
            history.add(&[line("n", number), line("same", "1"), line("text", "\"a\"")]);
        }
        assert_eq!(history.bars("n"), "▁█▅▁");
        assert_eq!([history.bars("same"), history.bars("text"), history.bars("none")], ["", "", ""]);
    }

    #[test]
    fn old_values_go_and_so_does_what_is_no_number() {
        let mut history = History::default();
        (0..100).for_each(|n| history.add(&[line("n", &n.to_string())]));
        assert_eq!(history.bars("n").chars().count(), KEPT);
        history.add(&[line("n", "nan")]);
        assert_eq!(history.bars("n"), "");
        history.add(&[]);
        assert!(history.numbers.is_empty());
    }
}
