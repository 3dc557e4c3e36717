//! Documents of missing-child alerts, as somebody else's validator reads them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use helpline_proto::escalation::v1::{
    ChildAlert, ChildAlertContent, ChildAlertEvent, ChildAlertScope, GetChildAlertDocumentRequest,
};
use helpline_tests::Actor;
use helpline_tests::child_alert::{SENDER, approve, ask};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::child_alerts::{Search, acknowledge, ask_update, cancel, document, to};
use crate::stage::why;

/// Text that careless programs write into a document as it is.
const WILD: &str = "<b>Salma</b> & ]]> \"said\" 'so': \u{202b}مرحبا\u{202c} 👩🏽‍👧, a < b\n\tsecond line";

/// Somebody else's validator: a Python library, the published schema, and rules of the standard that this knows by itself.
struct Validator {
    python: PathBuf,
    schema: PathBuf,
}

impl Validator {
    fn found() -> Option<Self> {
        let schema = helpline_devstack::shared_data("data/cap-1.2/CAP-v1.2.xsd")?;
        Some(Self { python: helpline_devstack::python_client()?, schema })
    }

    /// What it says to each document.
    async fn read(&self, documents: &[&str]) -> Vec<Value> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/check_cap.py");
        let mut child = Command::new(&self.python)
            .arg(script)
            .arg(&self.schema)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = json!(documents).to_string();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What good documents say.
    async fn good(&self, documents: &[&str]) -> Vec<Value> {
        let answers = self.read(documents).await;
        for (answer, document) in answers.iter().zip(documents) {
            assert_eq!((&answer["schema"], &answer["rules"]), (&json!([]), &json!([])), "{document}");
        }
        answers.into_iter().map(|mut answer| answer["alert"].take()).collect()
    }
}

/// What an agency acknowledged, as a document.
async fn receipt(actor: &Actor, alert: &ChildAlert, agency_id: &str) -> Result<String, tonic::Status> {
    let request = GetChildAlertDocumentRequest {
        alert_id: alert.alert_id.clone(),
        acknowledged_by_agency_id: agency_id.to_owned(),
    };
    Ok(actor.child_alerts().get_child_alert_document(request).await?.into_inner().document)
}

/// How others refer to a message.
fn reference(said: &Value) -> String {
    let one = |name: &str| said[name][0].as_str().unwrap().to_owned();
    format!("{},{},{}", one("sender"), one("identifier"), one("sent"))
}

#[tokio::test]
async fn the_validator_takes_the_published_example_and_finds_what_is_wrong() {
    let Some(validator) = Validator::found() else { return };
    let example = validator.schema.with_file_name("amber_alert_example.xml");
    let example = std::fs::read_to_string(example).unwrap();
    validator.good(&[&example]).await;
    for (from, to, by_schema) in [
        ("-07:00</sent>", "Z</sent>", true),
        ("<urgency>Immediate", "<urgency>Soon", true),
        ("<scope>Public", "<scope>Private", false),
        ("<scope>Public", "<scope>Restricted", false),
        ("<sender>KARO", "<sender>KARO,", false),
        ("<msgType>Alert", "<msgType>Update", false),
        ("<identifier>KAR0", "<identifier>KAR0 ", false),
        ("<language>es-US", "<language>en-US", false),
    ] {
        let broken = example.replace(from, to);
        assert_ne!(broken, example, "{from}");
        let answer = validator.read(&[&broken]).await.remove(0);
        let which = if by_schema { "schema" } else { "rules" };
        assert!(!answer[which].as_array().unwrap().is_empty(), "{to}: {answer}");
    }
}

#[tokio::test]
async fn the_whole_series_is_valid_and_refers_to_what_went_before() {
    let Some(validator) = Validator::found() else { return };
    let search = Search::begin().await;
    let first = search.issued(&[&search.police]).await;
    search.disclose(&search.other).await;
    let update = ask_update(&search.amina, &first, to(&[&search.other])).await.unwrap();
    let second = approve(&search.stage.supervisor, &update).await.unwrap();
    let over = cancel(&search.stage.supervisor, &second).await.unwrap();
    let responder = &search.police.responder;
    let documents = [
        document(responder, &first).await.unwrap(),
        document(responder, &second).await.unwrap(),
        document(responder, &over).await.unwrap(),
    ];
    acknowledge(responder, &first).await.unwrap();
    let ack = receipt(responder, &first, &search.police.id).await.unwrap();
    let read = validator.good(&[&documents[0], &documents[1], &documents[2], &ack]).await;

    let heading =
        |said: &Value| ["msgType", "status", "scope"].map(|name| said[name][0].as_str().unwrap().to_owned());
    assert_eq!(heading(&read[0]), ["Alert", "Actual", "Private"]);
    assert_eq!(heading(&read[1]), ["Update", "Actual", "Private"]);
    assert_eq!(heading(&read[2]), ["Cancel", "Actual", "Private"]);
    assert_eq!(heading(&read[3]), ["Ack", "Actual", "Private"]);
    let mut both = [search.police.id.clone(), search.other.id.clone()];
    both.sort();
    assert_eq!(read[0]["addresses"], json!([search.police.id]));
    // Within the centre it is for both; nobody learns from their copy who else has one.
    let whole = document(&search.amina, &second).await.unwrap();
    assert_eq!(validator.good(&[&whole]).await[0]["addresses"], json!([both.join(" ")]));
    assert_eq!(read[1]["addresses"], json!([search.police.id]));
    assert_eq!(read[2]["addresses"], json!([search.police.id]));
    assert_eq!(read[3]["addresses"], json!([SENDER]));
    assert_eq!(read[3]["sender"], json!([search.police.id]));
    assert_eq!(read[0]["references"], Value::Null);
    assert_eq!(read[1]["references"], json!([reference(&read[0])]));
    assert_eq!(read[2]["references"], json!([format!("{} {}", reference(&read[0]), reference(&read[1]))]));
    assert_eq!(read[3]["references"], json!([reference(&read[0])]));
    assert_eq!(read[2]["note"], json!(["The child was found."]));
    assert_eq!(read[2]["info"], Value::Null, "a cancel says nothing of the child");

    let infos = read[0]["info"].as_array().unwrap();
    let languages: Vec<_> = infos.iter().map(|info| info["language"][0].as_str().unwrap()).collect();
    assert_eq!(languages, ["ar", "ru", "en"]);
    assert_eq!(infos[0]["headline"], json!(["طفلة مفقودة"]));
    assert_eq!(infos[1]["description"], json!(["Сальма, девять лет"]));
    for info in infos {
        assert_eq!(info["category"], json!(["Rescue"]));
        assert_eq!(info["eventCode"], json!([{"valueName": ["SAME"], "value": ["CAE"]}]));
        let known = ["urgency", "severity", "certainty"].map(|name| info[name][0].as_str().unwrap());
        assert_eq!(known, ["Immediate", "Severe", "Likely"]);
        assert_eq!(info["effective"], read[0]["sent"]);
        assert_eq!(info["senderName"], json!(["A centre"]));
        let area = &info["area"][0];
        assert_eq!(area["polygon"], json!(["25.2,51.4 25.4,51.4 25.4,51.6 25.2,51.4"]));
        assert_eq!(area["circle"], json!(["25.2854,51.5310 12.5"]));
        assert_eq!(area["geocode"], json!([{"valueName": ["ISO 3166-2"], "value": ["QA-DA"]}]));
    }
    // Nobody reads the receipt of others, and without one there is none.
    assert_eq!(why(receipt(responder, &first, &search.other.id).await).metadata("resource"), "agency");
    assert_eq!(
        why(receipt(responder, &second, &search.police.id).await).metadata("state"),
        "not_acknowledged"
    );
    assert_eq!(receipt(&search.amina, &first, &search.police.id).await.unwrap(), ack);
}

#[tokio::test]
async fn what_people_wrote_comes_out_of_the_document_as_they_wrote_it() {
    let Some(validator) = Validator::found() else { return };
    let search = Search::begin().await;
    search.disclose(&search.police).await;
    let line = WILD.replace(['\n', '\t'], " ");
    let mut content = ChildAlertContent {
        event: ChildAlertEvent::MissingChild.into(),
        scope: ChildAlertScope::Restricted.into(),
        restriction: line.clone(),
        area: None,
        ..to(&[&search.police])
    };
    content.infos.truncate(1);
    let info = &mut content.infos[0];
    WILD.clone_into(&mut info.description);
    WILD.clone_into(&mut info.instruction);
    for field in [&mut info.headline, &mut info.event, &mut info.audience, &mut info.contact] {
        line.clone_into(field);
    }
    "Somewhere".clone_into(&mut info.area_description);
    let asked = ask(&search.amina, &search.escalation.escalation_id, content).await.unwrap();
    let issued = approve(&search.stage.supervisor, &asked).await.unwrap();
    let written = document(&search.police.responder, &issued).await.unwrap();
    let read = validator.good(&[&written]).await.remove(0);
    assert_eq!((&read["scope"], &read["restriction"]), (&json!(["Restricted"]), &json!([line])));
    let info = &read["info"][0];
    assert_eq!((&info["description"], &info["instruction"]), (&json!([WILD]), &json!([WILD])));
    for name in ["headline", "event", "audience", "contact"] {
        assert_eq!(info[name], json!([line]), "{name}");
    }
    assert_eq!(info["area"], json!([{"areaDesc": ["Somewhere"]}]));
    assert_eq!(info["eventCode"], Value::Null, "no list has a code for a child who is missing");
}
