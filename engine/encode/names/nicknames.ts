/**
 * Hypocoristics: the full name that a short form stands for, compared by fold.
 * One row a full name; forms in any orthography, and its commonest near spellings. docs/spec/names.md, "Hypocoristics".
 */
export const NICKNAMES: Readonly<Record<string, string>> = {
  Aleksandar:
    "Alexandru Alexander Aleksandr Aleksandër Alexandros Aleksander Oleksandr Aco Aca Saša Sašo Saško Sanyi Sándor Sandu Sandro Alek Aleks Alex Leka Aleko Sandi Acika Саня Санду Сашо Aleksa Alekos Alexis",
};
