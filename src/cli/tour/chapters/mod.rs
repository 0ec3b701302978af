//! The chapters of the tour, one file each.

mod acquaintance;
mod changes;
mod colleague;
mod configuration;
mod long_outputs;
mod mistakes;
mod reading;
mod unconfirmed;

use super::step::Chapter;

/// The tour, in order. A chapter may use what an earlier one has learned.
pub(super) const ALL: [Chapter; 8] = [
    acquaintance::CHAPTER,
    reading::CHAPTER,
    configuration::CHAPTER,
    changes::CHAPTER,
    unconfirmed::CHAPTER,
    colleague::CHAPTER,
    mistakes::CHAPTER,
    long_outputs::CHAPTER,
];
