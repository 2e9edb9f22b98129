//! The conformance suite, on the template that ships.

use offercast_app::{App, default_template};
use offercast_kit::conformance;

#[test]
fn the_app_conforms() {
    match conformance::run(&App::new(), &default_template()) {
        Ok(report) => {
            assert!(report.passed > 100, "{report:?}");
            assert_eq!(report.held, Vec::new());
        }
        Err(failures) => panic!("{failures:#?}"),
    }
}
