/**
 * Words of a name field that are not part of a name: placeholders, titles, particles.
 * All sets hold words as canonicalName sees them: working letters of letters.ts, so lower case without plain marks.
 * docs/spec/names.md, "Missing values", "Titles" and "Particles".
 */
import { WORKING_LETTERS } from "./letters.ts";

/** A word in the working letters of letters.ts. */
function working(word: string): string {
  let out = "";
  for (let i = 0; i < word.length; i++) out += WORKING_LETTERS[word.charCodeAt(i)] ?? "";
  return out;
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

/** Placeholders only if the field holds nothing else. */
export const PLACEHOLDERS_ALONE = wordSet(`
  nn nna na nd nk ni nil null none nema нема nincs keine keiner keines angabe angaben fara fără nume pa emër emri
  xx xxx xxxx yy zz нн нд нп н/д ime prezime име презиме фамилия name vorname nachname test tba tbd jane_doe
  i e k a informacija podatka податка податок nije není nuk dihet poznato навено
`);

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

/** Particles of surnames; left out if another word remains. */
export const PARTICLES = wordSet(`
  von vom van zu zum zur der den de del della delle degli di da du des do dos das la le les el al ul und af av
  bin ibn ben bint ould uld
  фон ван дер ден де дел ди да дю ла ле ел эль ал аль ель бин ибн бен бинт
  φον ντε ντα ελ αλ μπιν ιμπν
`);
