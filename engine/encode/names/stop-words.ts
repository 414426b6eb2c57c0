/**
 * Words of a name field that are not part of a name: placeholders, titles, particles.
 * All sets hold words as canonicalName sees them: working letters, so lower case without plain marks, other scripts romanised.
 * docs/spec/names.md, "Missing values", "Titles" and "Particles".
 */
import { WORKING_LETTERS } from "./letters.ts";
import { romanisedLetter } from "./other-scripts.ts";

/** A word in working letters. */
function working(word: string): string {
  return Array.from(word, (letter) => WORKING_LETTERS[letter.charCodeAt(0)] ?? romanisedLetter(letter) ?? "").join("");
}

const wordSet = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/u).map(working));

/** Never a name: left out wherever they stand. */
export const PLACEHOLDERS = wordSet(`
  unknown unnamed anonymous anonim anonymus unspecified notknown noname fnu lnu
  непознат непозната непознато неизвестен неизвестна неизвестно неизвестный неизвестная невідомий невідома анонимен
  nepoznat nepoznata nepoznato nepoznati neznan neznana neznano neidentificiran neidentifikovan anoniman
  necunoscut necunoscută neidentificat neidentificată anonimă
  ismeretlen névtelen azonosítatlan
  panjohur panjohura panjohuri panjohuar paidentifikuar
  unbekannt unbekannte unbekannter namenlos unbenannt
  bilinmiyor bilinmeyen meçhul isimsiz
  άγνωστος άγνωστη άγνωστο αγνώστου ανώνυμος
  nepoznatoime bezimeni bezimen безимен безымянный
`);

const phraseSet = (phrases: string): ReadonlySet<string> =>
  new Set(
    phrases
      .trim()
      .split(/\s*,\s*/u)
      .map((phrase) => phrase.split(" ").map(working).join(" ")),
  );

/** Placeholders if they are all that a field holds; at most three words. */
export const PLACEHOLDER_PHRASES = phraseSet(`
  nn, n n, нн, н н, na, n a, nna, nd, n d, nk, nil, null, none, undefined, x, xx, xxx, xxxx, х, хх, ххх, x x, y, z, zz, test, tba, tbd,
  not known, not available, not given, no name, not applicable, first name, last name, given name, family name,
  nema, nema podataka, nema podatka, nije poznato, ne zna se, bez imena, ime, prezime, ime prezime, ime i prezime, ni znano, ni podatka,
  нема, нема података, нема податка, није познато, не зна се, без имена, име, презиме, име и презиме, нема податоци, не е познато, без име,
  няма, няма данни, не е известно, фамилия, имя, не известно, нет данных, немає,
  nincs, nincs adat, nem ismert, név, fără nume, nu se cunoaște, nume, prenume, nume necunoscut, lipsă,
  pa emër, nuk dihet, emri, emër, mbiemri, s ka, keine, keine angabe, keine angaben, nicht bekannt, ohne namen, ohne name, name, vorname, nachname,
  yok, bilgi yok, adı yok, ad soyad, όνομα, επώνυμο, χωρίς όνομα, δεν υπάρχει, μη γνωστό
`);

/** Placeholders of other scripts, as written and in NFKC: romanised, some of them would be names (未知 is Weizhi). */
export const UNROMANISED_PLACEHOLDERS: ReadonlySet<string> = new Set(
  `غير معروف, غير معروفة, مجهول, مجهولة, مجهول الهوية, لا يوجد, بدون اسم, نامعلوم, ناشناس, بی نام, نامشخص,
  לא ידוע, לא ידועה, אלמוני, אלמונית, פלוני, ללא שם, אין, უცნობი, უსახელო, არ არის ცნობილი, անհայտ, անանուն,
  不详, 不詳, 未知, 不明, 无名, 無名, 无名氏, 無名氏, 无, 無, 不明者, 미상, 불명, 무명, 알 수 없음`
    .split(",")
    .map((phrase) => phrase.trim().normalize("NFKC")),
);

/** Titles, ranks and forms of address; left out if another word remains. */
export const TITLES = wordSet(`
  dr drs mr mrs ms miss sir mag ing dipl prof doc akad phd msc bsc mba mmag dott dkfm ddr univ habil
  др мр маг инг инж проф доц акад дипл
  gosp gospodin gospodja gospođa gospa gospod gđa gdja gdin gđica господин господинът госпожа госпођа гдин гђа гжа
  herr frau hr fr fräulein domnul doamna dl dna dnul dra zoti zonja znj zt bay bayan
  úr uram ifj ifjabb idősb özv özvegy néhai
  κος κα κυρία κύριος δρ καθ
  jr junior senior mlađi stariji млађи старији
  sheikh shaikh sheik shaykh scheich şeyh šejh шейх шејх
`);

/** Titles written with a hyphen, which would else be read as an initial and a name. */
export const HYPHENED_TITLES: ReadonlySet<string> = new Set(
  "d-r g-din g-dja g-ga g-n г-н г-жа д-р г-дин г-ђа г-ца δ-ρ dipl-ing".split(" ").concat("g-Da"),
);

/** Particles of surnames; left out if another word remains. */
export const PARTICLES = wordSet(`
  von vom van zu zum zur der den de del della delle degli di da du des do dos das la le les el al ul und af av
  bin ibn ben bint ould uld
  фон ван дер ден де дел ди да дю ла ле ел эль ал аль ель бин ибн бен бинт
  φον ντε ντα ελ αλ μπιν ιμπν
  بن ابن بنت
`);
