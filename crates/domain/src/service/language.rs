//! Languages made comparable, however their codes are written.

/// Languages with a code of two letters (ISO 639-1), each with its other codes: of three letters for terminology and,
/// where it is another, for bibliography (ISO 639-2 and -3, of the Library of Congress and SIL), those that were
/// withdrawn, and those of a standard form or a sister that every speaker understands.
const CODES: &str = "\
    aa aar, ab abk, ae ave, af afr, ak aka, am amh, an arg, ar ara arb, as asm, av ava, ay aym, az aze, \
    ba bak, be bel, bg bul, bi bis, bm bam, bn ben, bo bod tib, br bre, bs bos, ca cat, ce che, ch cha, \
    co cos, cr cre, cs ces cze, cu chu, cv chv, cy cym wel, da dan, de deu ger, dv div, dz dzo, ee ewe, \
    el ell gre, en eng, eo epo, es spa, et est, eu eus baq, fa fas per pes prs, ff ful, fi fin, fj fij, \
    fo fao, fr fra fre, fy fry, ga gle, gd gla, gl glg, gn grn, gu guj, gv glv, ha hau, he heb iw, hi hin, \
    ho hmo, hr hrv, ht hat, hu hun, hy hye arm, hz her, ia ina, id ind in, ie ile, ig ibo, ii iii, ik ipk, \
    io ido, is isl ice, it ita, iu iku, ja jpn, jv jav, ka kat geo, kg kon, ki kik, kj kua, kk kaz, kl kal, \
    km khm, kn kan, ko kor, kr kau, ks kas, ku kur, kv kom, kw cor, ky kir, la lat, lb ltz, lg lug, li lim, \
    ln lin, lo lao, lt lit, lu lub, lv lav, mg mlg, mh mah, mi mri mao, mk mkd mac, ml mal, mn mon, mr mar, \
    ms msa may, mt mlt, my mya bur, na nau, nd nde, ne nep npi, ng ndo, nl nld dut, no nor nb nob nn nno, \
    nr nbl, nv nav, ny nya, oc oci, oj oji, om orm, or ori, os oss, pa pan, pi pli, pl pol, ps pus, pt por, \
    qu que, rm roh, rn run, ro ron rum, ru rus, rw kin, sa san, sc srd, sd snd, se sme, sg sag, sh hbs, \
    si sin, sk slk slo, sl slv, sm smo, sn sna, so som, sq sqi alb, sr srp, ss ssw, st sot, su sun, sv swe, \
    sw swa swh, ta tam, te tel, tg tgk, th tha, ti tir, tk tuk, tl tgl fil, tn tsn, to ton, tr tur, ts tso, \
    tt tat, tw twi, ty tah, ug uig, uk ukr, ur urd, uz uzb uzn, ve ven, vi vie, vo vol, wa wln, wo wol, \
    xh xho, yi yid ji, yo yor, za zha, zh zho chi cmn, zu zul";
/// Codes that name no language, or more than one.
const NO_LANGUAGE: [&str; 4] = ["mis", "mul", "und", "zxx"];

/// By what a code of ISO 639 or a tag of BCP 47 is compared: two letters, where there are two. Nothing, when it says no
/// language.
pub fn key(tag: &str) -> Option<String> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_code = matches!(primary.len(), 2 | 3) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_code || NO_LANGUAGE.contains(&primary.as_str()) {
        return None;
    }
    let mut languages = CODES.split(", ");
    let known = languages.find(|codes| codes.split(' ').any(|code| code == primary));
    Some(known.and_then(|codes| codes.split(' ').next()).map_or(primary, str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_names_one_language() {
        let codes: Vec<_> = CODES.split([',', ' ']).filter(|code| !code.is_empty()).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        assert!(codes.iter().all(|code| matches!(code.len(), 2 | 3)));
        assert!(CODES.split(", ").all(|codes| codes.split(' ').next().is_some_and(|first| first.len() == 2)));
    }

    #[test]
    fn a_language_has_one_key_however_it_is_written() {
        for (tags, expected) in [
            (&["ar", "ara", "AR-qa", "ar_EG", "arb"][..], "ar"),
            (&["ru", "rus"], "ru"),
            (&["fa", "fas", "per", "prs"], "fa"),
            (&["kk-Cyrl", "kaz"], "kk"),
            (&["ckb"], "ckb"),
        ] {
            for tag in tags {
                assert_eq!(key(tag).as_deref(), Some(expected), "{tag}");
            }
        }
        for none in ["", " ", "und", "mul", "Arabic", "a", "12", "ру"] {
            assert_eq!(key(none), None, "{none:?}");
        }
    }
}
