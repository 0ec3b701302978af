//! `lab tour`: every step goes as told.

use super::program::Program;

#[test]
fn every_step_of_the_tour_goes_as_told() {
    // The tour is the same whatever the environment says.
    let ended = Program::new(&["lab", "tour", "--fast"])
        .variable("JMCP_READ_ONLY", "true")
        .run();
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.ends_with(" steps, all as expected\n"), "{}", ended.stdout);
    for told in [
        "+   description \"uplink, spare pair\";",
        "Confirmed on core-1",
        "60 times as fast here",
        "it was rolled back by the router",
        "uncommitted changes of somebody else",
        "editing: maria",
    ] {
        assert!(ended.stdout.contains(told), "'{told}' is missing: {}", ended.stdout);
    }
    // Nobody sees colours in a file.
    assert!(!ended.stdout.contains('\u{1b}'));
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
}

#[test]
fn a_reader_who_has_seen_enough_ends_the_tour_without_a_complaint() {
    let mut tour = Program::new(&["lab", "tour"]).start();
    while !tour.line().contains("Getting acquainted") {}
    tour.read_no_further();
    let ended = tour.end();
    // Not everything was shown, so not everything went as told.
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
}
