//! A newcomer's road: a template, recordings of one's own, training, and the firmware that hears them.

mod common;

use common::Folder;

/// A recording of `rows` rows: three axes of acceleration in m/s² and a rate of turn in degrees a second.
fn motion(kind: usize, take: usize, rows: usize) -> String {
    let mut text = String::from("accX;accY;accZ;gyrZ\n");
    let (hz, size) = [(0.0, 0.0), (1.7, 3.0), (3.4, 6.0)][kind];
    // A linear congruence (Numerical Recipes) for the noise of the sensor.
    let mut state = 7 + (kind * 100 + take) as u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24) - 0.5
    };
    for row in 0..rows {
        let phase = std::f64::consts::TAU * (hz + 0.02 * take as f64) * row as f64 / 50.0;
        let wave = size * phase.sin();
        let row = [
            wave + noise(),
            0.5 * wave + noise(),
            9.81 + noise(),
            40.0 * size * phase.cos() + 20.0 * noise(),
        ];
        // Decimal commas, as a spreadsheet in half of Europe writes them.
        let fields: Vec<String> = row.iter().map(|value| format!("{value:.3}").replace('.', ",")).collect();
        text.push_str(&fields.join(";"));
        text.push('\n');
    }
    text
}

fn done(folder: &Folder, args: &[&str]) -> String {
    let ran = folder.smidgen(args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    ran.stdout
}

#[test]
fn own_csv_files_become_firmware_that_tells_what_happens() {
    let folder = Folder::new();
    let made = done(&folder, &["new", "pump", "--template", "sensor"]);
    assert!(made.contains("put recordings into pump/data"), "{made}");
    let refused = folder.smidgen(&["train", "pump"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("pump/data") && refused.stderr.contains("no .csv"), "{}", refused.stderr);
    for (kind, class) in ["still", "slow", "fast"].into_iter().enumerate() {
        for take in 0..8 {
            folder.write(&format!("pump/data/{class}/{take}.csv"), motion(kind, take, 400));
        }
    }
    let seen = done(&folder, &["data", "inspect", "pump"]);
    assert!(seen.contains("24 recordings of 4 axes") && seen.contains("│ fast"), "{seen}");
    done(&folder, &["train", "pump", "--epochs", "8", "--quiet"]);
    done(&folder, &["quantize", "pump", "--quiet"]);
    let accuracy = done(&folder, &["eval", "pump", "--json"]);
    let accuracy: serde_json::Value = serde_json::from_str(&accuracy).unwrap();
    for result in accuracy["results"].as_array().unwrap() {
        assert!(result["accuracy"].as_f64().unwrap() > 0.9, "{accuracy}");
    }
    let stream = done(&folder, &["stream", "pump", "--json", "--quiet"]);
    let stream: serde_json::Value = serde_json::from_str(&stream).unwrap();
    assert_eq!(stream["agreement"]["n_differing"], 0, "{stream}");
    assert!(stream["agreement"]["n_inferences"].as_u64().unwrap() > 50);
    let (events, hits) = (stream["events"].as_u64().unwrap(), stream["hits"].as_u64().unwrap());
    assert!(events >= 6 && hits * 2 >= events, "{hits} of {events}");
}
