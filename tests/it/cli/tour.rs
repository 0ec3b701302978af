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
    // Nobody sees colours in a file.
    assert!(!ended.stdout.contains('\u{1b}'));
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
}
