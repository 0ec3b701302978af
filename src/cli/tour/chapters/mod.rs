//! The chapters of the tour, one file each.

mod acquaintance;
mod configuration;
mod long_outputs;
mod mistakes;
mod reading;

use super::step::Chapter;

/// The tour, in order. A chapter may use what an earlier one has learned.
pub(super) const ALL: [Chapter; 5] = [
    acquaintance::CHAPTER,
    reading::CHAPTER,
    configuration::CHAPTER,
    mistakes::CHAPTER,
    long_outputs::CHAPTER,
];
