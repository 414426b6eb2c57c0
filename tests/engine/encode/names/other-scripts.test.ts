/**
 * Names in scripts without a table of their own: they become tokens, agree where letters are sounds, and are counted.
 * All names are made up from common ones; none stands for a person.
 */
import { describe, expect, test } from "vitest";
import { canonicalName } from "#engine/encode/names/canonical-name.ts";
import { usesOtherScript } from "#engine/encode/names/other-scripts.ts";
import { encoded, person } from "../lists.ts";

const folds = (name: string): string =>
  canonicalName(name)
    .map(({ fold }) => fold)
    .join(" ");

describe("a name in another script", () => {
  test.each([
    ["გიორგი მამულაშვილი", "Giorgi Mamulashvili"],
    ["ᲒᲘᲝᲠᲒᲘ ᲛᲐᲛᲣᲚᲐᲨᲕᲘᲚᲘ", "Giorgi Mamulashvili"],
    ["ნინო ბერიძე", "Nino Beridze"],
    ["Արամ Պետրոսյան", "Aram Petrosyan"],
    ["ԱՐԱՄ ՊԵՏՐՈՍՅԱՆ", "Aram Petrosyan"],
    ["Қасым Нұрланов", "Qasym Nurlanov"],
    ["Əli Həsənov", "Eli Hesenov"],
    ["王", "Wang"],
    ["バラク・オバマ", "Baraku Obama"],
  ])("%s agrees with %s", (name, latin) => {
    expect(folds(name)).toBe(folds(latin));
  });

  test.each([
    ["مُحَمَّد", "محمد"],
    ["ﻣﺤﻤﺪ", "محمد"],
    ["محمـــد", "محمد"],
    ["חַיִּים", "חיים"],
    ["علي بن حسن", "علي حسن"],
  ])("%s is read as %s: vowel points, letter forms and particles say nothing", (one, other) => {
    expect(folds(one)).not.toBe("");
    expect(folds(one)).toBe(folds(other));
  });

  test.each(["王伟", "محمد حسن", "דוד לוי", "김민준", "राम शर्मा", "สมชาย", "𞤀𞤣𞤢𞤥"])("%s does not vanish", (name) => {
    expect(canonicalName(name)).not.toEqual([]);
  });

  test.each([
    ["محمد", "محمود"],
    ["דוד", "דן"],
    ["გიორგი", "გელა"],
    ["王", "李"],
  ])("%s does not stand for %s", (one, other) => {
    expect(folds(one)).not.toBe(folds(other));
  });

  test.each(["غير معروف", "مجهول", "לא ידוע", "უცნობი", "անհայտ", "不详", " 未知 ", "미상"])(
    "%j is a missing name",
    (raw) => {
      expect(canonicalName(raw)).toEqual([]);
    },
  );

  test("a placeholder of another script takes no Latin name with it", () => {
    expect(folds("Weizhi")).not.toBe("");
  });

  test("that ends in half a character at two hundred code units is read without it", () => {
    expect(folds(`${"𞤀".repeat(99)}a𞤀`)).toBe(folds(`${"𞤀".repeat(99)}a`));
  });
});

describe("names in another script", () => {
  test.each(["王伟", "محمد", "დავით", "Դավիթ", "דוד", "Anna 王", "김", "राम"])("%s is one", (raw) => {
    expect(usesOtherScript(raw)).toBe(true);
  });

  test.each(["Đorđe", "Ђорђе", "Παύλος", "Əliyev", "Қасым", "D’Angelo", "", "12 ٣", "🙂", "-", "ª"])(
    "%j is none",
    (raw) => {
      expect(usesOtherScript(raw)).toBe(false);
    },
  );

  test("are counted once a record, aliases too", () => {
    const list = encoded([
      person({ rec_id: "1", family_name: "მამულაშვილი", given_name: "გიორგი" }),
      person({ rec_id: "2", family_name: "Levi", given_name: "David", aliases: ["דוד לוי", "Dado"] }),
      person({ rec_id: "3", family_name: "Петров", given_name: "Иван", birth_place: "თბილისი" }),
    ]);
    expect(list.report.otherScripts).toBe(2);
  });
});
