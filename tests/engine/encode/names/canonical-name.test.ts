/**
 * Canonical names: spellings that must agree, near misses that must not, missing names, titles and initials.
 * All names are made up from common ones; none stands for a person.
 */
import { describe, expect, it, test } from "vitest";
import { CANONICALISER_VERSION, canonicalName } from "#engine/encode/names/canonical-name.ts";

const folds = (name: string): string =>
  canonicalName(name)
    .map((token) => token.fold)
    .join(" ");
const skeletons = (name: string): string =>
  canonicalName(name)
    .map((token) => token.skeleton)
    .join(" ");
const roots = (name: string): string =>
  canonicalName(name)
    .map((token) => token.root)
    .join(" ");

/** One name a row, in several spellings parted by bars. */
const rows = (table: string): string[][] =>
  table
    .trim()
    .split("\n")
    .map((row) => row.split("|").map((spelling) => spelling.trim()));

const SAME_FOLD: Readonly<Record<string, string>> = {
  "Bosnian, Croatian, Montenegrin, Serbian": `
    Đoković | Ђоковић | Djokovic | Dokovic | DOKOVIĆ | Gjokoviq | Джокович
    Šćepan Đurašković | Шћепан Ђурашковић | ŠĆEPAN ĐURAŠKOVIĆ
    Nataša Žižić | Наташа Жижић | Natasa Zizic
    Ljiljana Njegovan | Љиљана Његован
    Džemila Hadžić | Џемила Хаџић | Dzemila Hadzic | Dzhemila Hadzhich
    Čedo Ćirić | Чедо Ћирић | Cedo Ciric
    Marija Perić | Марија Перић | Marija Peric | Maria Perich
    Jelena Tomić | Јелена Томић | Elena Tomic
    Stojanović | Стојановић | Stoyanovich | Stojanovitsch | Stojanovics
    Željka Žunić | Жељка Жунић | Zeljka Zunic
    Vučković | Вучковић | Vuchkovich | Vuçkoviq
    Mlađen Anđić | Млађен Анђић | Mladjen Andjic | Mladen Andic
  `,
  Slovene: `
    Žiga Štrukelj | ŽIGA ŠTRUKELJ | Ziga Strukelj
    Zupančič | Zupancic | Зупанчич | Zupantschitsch
    Blaž Kržišnik | Blaz Krzisnik
  `,
  Macedonian: `
    Ѓорѓи Ќосев | Gjorgji Kjosev | Đorđi Ćosev | Ǵorǵi Ḱosev
    Љубица Јакимовска | Ljubica Jakimovska
    Ѕвездан Џамбазов | Dzvezdan Džambazov | Dzvezdan Dzambazov
    Ванчо Нечев | Vančo Nečev | Vancho Nechev
  `,
  Bulgarian: `
    Щерев | Shterev | Šterev
    Стоянов | Stoyanov | Stojanov | Stojanoff | Stojanow
    Гюров | Gyurov | Ђуров
    Цветелина Чакърова | Tsvetelina Chakarova | Cvetelina Čakarova
    Юлиян Якимов | Yuliyan Yakimov | Julijan Jakimov
    Жечка Хаджиева | Zhečka Hadžieva | Zhechka Hadzhieva
    Асенов | Assenov | Assenoff
    Ъгълов | Agalov
  `,
  "Russian and Ukrainian letters": `
    Зелинский | Zelinskij | Zelinsky | Zelinski | Zelinskiy
    Григорий Лисицын | Grigorij Lisicyn | Grigoriy Lisitsyn
    Артём Соловьёв | Artyom Solovyov | Artiom Soloviov
    Наталья Журавлёва | Natalya Zhuravlyova | Natalja Žuravljova
    Харитонов | Kharitonov | Haritonov
    Васильев | Vasilyev | Vasiliev | Vasiljev
    Евдокимов | Yevdokimov | Jevdokimov | Evdokimov
  `,
  Greek: `
    Παπαδόπουλος | Papadopoulos | ΠΑΠΑΔΟΠΟΥΛΟΣ | Пападопулос
    Μπάρμπας | Barbas | Mparmpas
    Γιάννης Χρήστου | Giannis Christou | Yannis Hristou
    Ντίνος Γκίκας | Dinos Gikas | Ntinos Gkikas
    Τζαβάρας | Tzavaras | Dzavaras
    Ευθυμίου | Efthymiou | Evthimiou
    Ξένια Ψαρρού | Xenia Psarrou | Ksenija Psaru
    Αντωνίου | Antoniou | Andoniou
    Τσακίρης | Tsakiris
    Βασίλειος | Vasileios | Vasilios
    Αγγελόπουλος | Angelopoulos
    Παύλος Θωμάς | Pavlos Thomas
  `,
  Albanian: `
    Hoxha | Hodža | Hodza | Хоџа | Ходжа
    Qosja | Ćosja | Ќосја
    Xhaferi | Džaferi | Џафери | Dzaferi
    Gjergj | Đerđ | Ђерђ
    Shpëtim Rexhepi | Shpetim Redžepi | Шпетим Реџепи
    Lulëzim Dhima | Lulezim Dima
    Llazar Rroku | Lazar Roku
  `,
  Turkish: `
    Çelik | Celik | Čelik | Челик
    IŞIK | Işık | Isik | ışık
    İSMAİL | İsmail | Ismail | ismail | Исмаил
    Gülşen Öztürk | Guelsen Oeztuerk | Gulsen Ozturk
    Yıldız | YILDIZ | Yildiz
    Ağaoğlu | Agaoglu
  `,
  Hungarian: `
    Szabó | Sabo | Сабо | SZABÓ
    Kovács | Kovač | Kovach | Kovacs | Ковач
    Zsuzsanna | Žužana | Zuzanna
    Gyöngyi | Đonđi | Gyoengyi
    Győző | Gyozo
    Szűcs | Szucs | Sűcs
    Vessző | Veszö | Veso
    Dzsenifer | Dženifer
    Erdődy Mátyás | Erdody Matyas
    Széchy | Szechy
  `,
  German: `
    Müller | Mueller | Muller | Mülller
    Weiß | Weiss | WEISS | Weiẞ
    Böhm | Boehm
    Schmidt | Schmitt | Šmit
    Kirchner | KIRCHNER | Кирхнер
    Jörg | Joerg
    Tschernko | Černko
    Mayer | Maier | Meyer | Meier
    Fritz | Fric | Фриц
    Hentschel | Henčel
  `,
  Romanian: `
    Țurcanu | Ţurcanu | Turcanu
    Ștefănescu | Ştefănescu | Stefanescu
    Ciobotaru | Чоботару | Čobotaru
    Gheorghiu | Георгиу | Gheorghiu
    Chiriță | Chirita
    Munteanu | Мунтяну | Мунтеану
    Vâlcu | Valcu
    Ceaunu | Чауну
    Enache | Енаке
    Lupașcu | Lupascu | Лупашку
    Mihăilescu | Mihailescu | Михаилеску
    Covalschi | Kovalski | Ковальский
    Laurențiu | Laurenciu
  `,
};

describe.each(Object.entries(SAME_FOLD))("%s", (_, table) => {
  test.each(rows(table).map((row) => [row]))("%j fold to one value", (spellings) => {
    expect(new Set(spellings.map(folds)).size, spellings.map(folds).join(" | ")).toBe(1);
    expect(new Set(spellings.map(skeletons)).size, spellings.map(skeletons).join(" | ")).toBe(1);
  });
});

describe("near misses have different folds", () => {
  test.each(
    rows(`
      Marić | Marković
      Petrov | Petkov
      Ivan | Ivana
      Ћирић | Тирић
      Babić | Bašić
      Jurić | Jukić
      Nikola | Nikolaj
      Stojan | Stojna
      Halil | Halid
      Emin | Edin
      Kostić | Kosić
      Simić | Šimunić
      Tomić | Tonić
      Radić | Radović
      Kolev | Kolarov
      Georgieva | Georgiev
      Dragan | Dragana
      Mehmet | Mahmut
      Hasan | Hüseyin
      Nagy | Nagyné
      Tóth | Tótka
      Popa | Pop
      Ionescu | Ionel
      Rusu | Russo
      Παππάς | Παππαδάκης
      Γεωργίου | Γεωργιάδης
      Huber | Hubner
      Gruber | Huber
      Gashi | Gazi
      Leka | Luka
      Krasniqi | Krasnić
      Berisha | Beriša-Gashi
      Zoran | Goran
      Мира | Мара
      Horvat | Horvatin
      Novak | Novaković
    `),
  )("%s is not %s", (one, other) => {
    expect(folds(one)).not.toBe(folds(other));
  });
});

describe("skeletons", () => {
  test.each(
    rows(`
      Първанов | Parvanov | Purvanov | Prvanov | Parvanova
      Димитър | Dimitar | Dimitur
      Zelinski | Zelinska | Зелинская | Zelinskij
      Ivanov | Ivanova | Ivanof
      Petrov | Petrev
      Riester | Rister | Ristär
      Kolaković | Čolaković | Colakovic
      Krăciun | Crăciun | Кръчун
      Ahmed | Ahmet
      Jakub | Jakup
      Mohamed | Muhamed | Muhammed
      Γεωργιάδης | Georgiades | Georgiadis
      Schiwkow | Живков
      Hegedűs | Хегедис
    `),
  )("%s and its kin share one", (...spellings) => {
    const given = spellings.filter((spelling) => typeof spelling === "string");
    expect(new Set(given.map(skeletons)).size, given.map(skeletons).join(" | ")).toBe(1);
  });

  test.each(
    rows(`
      Ivan | Ivana
      Marko | Marija
      Lena | Luna
      Petrov | Petkov
      Kas | Kus
    `),
  )("%s and %s have different ones", (one, other) => {
    expect(skeletons(one)).not.toBe(skeletons(other));
  });
});

describe("roots", () => {
  test.each(
    rows(`
      Saša | Aleksandar | Сашо | Sandu | Alexandru
      Vanja | Ivan | Ivo | Ваньо
      Đole | Đorđe | Гошо | Georgi | Gheorghe | Gorge
      Laci | László
      Pista | István
      Boban | Slobodan
      Recep | Redžep | Rexhep
      Vangelis | Ευάγγελος
      Ionuț | Ioan
      Kostas | Kosta | Konstantin
      Meho | Mehmed | Mehmet
      Hans | Johann
      Petrova | Petrov
      Jankovska | Jankovski
      Димитриевска | Dimitrievski
    `),
  )("%s stands for the same name as its kin", (...spellings) => {
    const given = spellings.filter((spelling) => typeof spelling === "string");
    expect(new Set(given.map(roots)).size, given.map(roots).join(" | ")).toBe(1);
  });

  test.each(
    rows(`
      István | Istvánné
      Ion | Ioan
      Jovan | Ivan
      Nova | Nov
      Marina | Marin
      Nikola | Nikolaj
    `),
  )("%s does not stand for %s", (one, other) => {
    expect(roots(one)).not.toBe(roots(other));
  });
});

describe("missing names", () => {
  test.each(
    `|   |-|---|?|.|UNKNOWN|unknown unknown|NN|N.N.|N. N.|N/A|n/a|XXX|непознат|Непозната|неизвестен|necunoscut|NECUNOSCUTĂ|ismeretlen|Ismeretlen Ismeretlen|i panjohur|e panjohur|unbekannt|nepoznat|neznan|άγνωστος|bilinmiyor|nema podataka|keine Angabe|FNU LNU|12345|🙂`.split(
      "|",
    ),
  )("%j is missing", (raw) => {
    expect(canonicalName(raw)).toEqual([]);
  });

  test.each(["Nana", "Na Li", "Unko", "Nina N.", "K.", "Nedim Nepo", "Xenia", "Testa", "Imelda"])(
    "%j is a name",
    (raw) => {
      expect(canonicalName(raw)).not.toEqual([]);
    },
  );
});

describe("titles, particles, initials", () => {
  test.each([
    ["Dr. Milan Kos", "Milan Kos"],
    ["Mag. Ing. Eva Kos", "Eva Kos"],
    ["д-р Милан Кос", "Milan Kos"],
    ["г-жа Ева Кос", "Eva Kos"],
    ["prof. dr Eva Kos", "Eva Kos"],
    ["özv. Kos Éva", "Kos Eva"],
    ["Herr Jan von der Heide", "Jan Heide"],
    ["Jan Van Der Heide", "Jan Heide"],
    ["Omar bin Khalid", "Omar Khalid"],
    ["Омар ибн Халид", "Omar Khalid"],
    ["Khalid al-Masri", "Khalid Masri"],
    ["Kos, Milan", "Kos Milan"],
    ["Kos (Milan)", "Kos Milan"],
    ["O'Brien", "OBrien"],
    ["D’Angelo", "DAngelo"],
    ["Milan Kos 2", "Milan Kos"],
    ["Kos-Novak", "Kos Novak"],
    ["Hansjörg Kos", "Hans-Jörg Kos"],
  ])("%j is read as %j", (written, meant) => {
    expect(canonicalName(written)).toEqual(canonicalName(meant));
  });

  test.each(["Ben", "Al", "Mag", "Van"])("%j alone is a name", (raw) => {
    expect(canonicalName(raw)).toHaveLength(1);
  });

  it("keeps the order of tokens and marks initials", () => {
    expect(canonicalName("J. Kos").map(({ isInitial }) => isInitial)).toEqual([true, false]);
    expect(canonicalName("Kos Dž.").map(({ isInitial }) => isInitial)).toEqual([false, true]);
    expect(folds("Kos Milan")).toBe("kos milan");
    expect(folds("Milan Kos")).toBe("milan kos");
  });

  test.each([
    ["J.", "Jelena"],
    ["Ј.", "Јелена"],
    ["Ю.", "Julijan"],
    ["C.", "Constantin"],
    ["Č.", "Čedomir"],
    ["Dž.", "Džemila"],
    ["Х.", "Christos"],
    ["Ђ.", "Gjergj"],
    ["Š.", "Stefan"],
    ["Љ.", "Ljubica"],
  ])("%s is the initial of %s", (initial, name) => {
    expect(canonicalName(initial)[0]?.initial).toBe(canonicalName(name)[0]?.initial);
    expect(canonicalName(initial)[0]?.isInitial).toBe(true);
  });

  it("takes at most eight tokens and two hundred characters", () => {
    expect(canonicalName("Ana Iva Eva Ema Mia Lea Zoa Ida Una Tea Pia")).toHaveLength(8);
    expect(canonicalName(`${"a".repeat(199)}b c`)[0]?.fold).toBe("ab");
    expect(canonicalName(`${"a".repeat(200)}b`)[0]?.fold).toBe("a");
  });
});

it("has version 1", () => {
  expect(CANONICALISER_VERSION).toBe("1");
});
