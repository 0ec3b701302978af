//! The family of a router by its model.

use rustez::facts::{Personality, detect_personality};

/// Models that carry the name of their chassis instead of their family.
const CHASSIS_NAMES: [(&str, &str); 6] = [
    ("jnp10001", "PTX"),
    ("jnp10003", "MX"),
    ("jnp204", "MX"),
    ("jnp304", "MX"),
    ("cjunosevolved", "PTX"),
    ("ocx", "QFX"),
];

/// `MX`, `SRX` and so on; `OTHER` for what is none of the families. A virtual MX is known by its routing engine's model only.
pub(crate) fn personality(model: &str, engine_model: Option<&str>) -> &'static str {
    if engine_model.is_some_and(|engine| engine.to_ascii_lowercase().contains("vmx")) {
        return "VMX";
    }
    let lower = model.to_ascii_lowercase();
    if let Some((_, family)) = CHASSIS_NAMES.iter().find(|(chassis, _)| lower.starts_with(chassis)) {
        return family;
    }
    match detect_personality(model) {
        Personality::Mx => "MX",
        Personality::Vmx => "VMX",
        Personality::Srx => "SRX",
        Personality::Vsrx => "VSRX",
        Personality::Ex => "EX",
        Personality::Qfx => "QFX",
        Personality::Ptx => "PTX",
        Personality::Acx => "ACX",
        Personality::Nfx => "NFX",
        Personality::M => "M",
        Personality::T => "T",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_follow_the_model() {
        for (model, engine, family) in [
            ("vSRX", None, "VSRX"),
            ("srx5400", None, "SRX"),
            ("mx960", None, "MX"),
            ("mx960", Some("RE-VMX"), "VMX"),
            ("JNP10001-36MR", None, "PTX"),
            ("ex4300-48p", None, "EX"),
            ("qfx5100-48s-6q", None, "QFX"),
            ("acx5448", None, "ACX"),
            ("toaster", None, "OTHER"),
        ] {
            assert_eq!(personality(model, engine), family, "{model}");
        }
    }
}
