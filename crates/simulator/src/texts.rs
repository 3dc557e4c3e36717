//! What the players write: short, harmless, and made up, in three languages.

use crate::draws::Draws;

/// What a child writes first, then next.
const CHILD: [(&str, &[&str]); 3] = [
    (
        "ar",
        &[
            "مرحبا، هذه رسالة تجريبية.",
            "أود أن أتحدث عن المدرسة (مثال).",
            "شكرا، أنا أقرأ (تجربة).",
            "هل يمكنني أن أسأل سؤالا آخر؟ (مثال)",
        ],
    ),
    (
        "ru",
        &[
            "Привет, это пробное сообщение.",
            "Хочу поговорить о школе (пример).",
            "Спасибо, я читаю (проба).",
            "Можно ещё один вопрос? (пример)",
        ],
    ),
    (
        "en",
        &[
            "Hello, this is a made-up message.",
            "I would like to talk about school (example).",
            "Thank you, I am reading (test).",
            "May I ask one more question? (example)",
        ],
    ),
];

/// What a counsellor answers.
const COUNSELLOR: [(&str, &[&str]); 3] = [
    ("ar", &["أهلا بك، أنا هنا (تجربة).", "أخبرني المزيد (مثال).", "هذا جواب تجريبي."]),
    ("ru", &["Здравствуй, я здесь (проба).", "Расскажи подробнее (пример).", "Это пробный ответ."]),
    ("en", &["Welcome, I am here (test).", "Tell me more (example).", "This is a made-up answer."]),
];

const SUMMARY: [(&str, &str); 3] = [
    ("ar", "ملخص تجريبي لا يخص أحدا."),
    ("ru", "Пробная запись, никого не касается."),
    ("en", "Made-up summary; it is about nobody."),
];

/// The message of a child at a place in the conversation, from 0.
pub(crate) fn of_child(language: &str, place: usize) -> &'static str {
    let texts = texts(&CHILD, language);
    let place = if place < texts.len() { place } else { 2 + place % 2 };
    texts.get(place).copied().unwrap_or("…")
}

/// A message of a counsellor.
pub(crate) fn of_counsellor(language: &str, draws: &mut Draws) -> &'static str {
    let texts = texts(&COUNSELLOR, language);
    texts.get(draws.below(texts.len())).copied().unwrap_or("…")
}

/// The summary of a contact.
pub(crate) fn summary(language: &str) -> &'static str {
    SUMMARY.iter().find(|(tag, _)| *tag == language).map_or("Made up.", |(_, text)| text)
}

fn texts(all: &[(&str, &'static [&'static str])], language: &str) -> &'static [&'static str] {
    let known = all.iter().find(|(tag, _)| *tag == language).or(all.last());
    known.map_or(&[], |(_, texts)| texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_something_to_say_at_every_place() {
        let mut draws = Draws::new(1, 1);
        for language in ["ar", "ru", "en", "fr"] {
            for place in 0..20 {
                assert!(of_child(language, place).len() > 3);
                assert!(of_counsellor(language, &mut draws).len() > 3);
            }
            assert!(summary(language).len() > 3);
        }
    }
}
