/**
 * What stands around every page: skip link, head with the ways between pages, language and theme, and the live regions.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import "./theme.css";
import "./kit.css";
import { isLive } from "./events.ts";
import { SelectField } from "./fields.tsx";
import { chooseLanguage, formatNumber, language, LANGUAGES, t, type Language } from "./language.ts";
import { LiveRegions } from "./live.tsx";
import { addressOf, route, visits } from "./route.ts";
import { chooseTheme, theme } from "./theme.ts";

/** A page of the head's list. */
export type Way = {
  /** First part of its address. */
  readonly path: string;
  readonly label: string;
  /** How many wait there. */
  readonly count?: number;
};

type ShellProps = {
  /** Beside the name: whose page it is. */
  readonly owner: string;
  readonly ways: readonly Way[];
  /** Beside language and theme. */
  readonly tools?: ComponentChildren;
  /** Stays in sight above the page, and is printed. */
  readonly standing?: string | undefined;
  readonly children: ComponentChildren;
};

export function Shell({ owner, ways, tools, standing, children }: ShellProps) {
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.documentElement.style.setProperty("--standing", JSON.stringify(standing ?? ""));
  }, [standing]);
  const here = route.value[0] ?? ways[0]?.path;
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The fragment names the page, so the link moves the focus by itself.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("skip-to-page")}
      </a>
      <header class="head not-printed">
        <div class="head-line">
          <p class="brand">
            <strong>Aquila</strong> <span class="quiet">{owner}</span>
          </p>
          <nav aria-label={t("pages")}>
            <ul>
              {ways.map(({ path, label, count = 0 }) => (
                <li key={path}>
                  <a href={addressOf(path)} aria-current={path === here ? "page" : undefined}>
                    {label}
                    {count === 0 ? null : <span class="badge">{formatNumber(count)}</span>}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
          <div class="row tools">
            {tools}
            <LanguageChoice />
            <ThemeChoice />
          </div>
        </div>
        {isLive.value ? null : (
          <p class="lost" role="status">
            {t("connection-lost")}
          </p>
        )}
      </header>
      {standing === undefined ? null : (
        <p class="standing" role="note">
          {standing}
        </p>
      )}
      <main ref={main} id="main" tabIndex={-1}>
        {children}
      </main>
      <LiveRegions />
    </>
  );
}

type PageTitleProps = {
  /** Of the kind of page: the browser keeps it in its history, so it names no person, record or hit. */
  readonly title: string;
  /** Something on the page takes the focus instead. */
  readonly isFocusElsewhere?: boolean;
  readonly children?: ComponentChildren;
};

/** The page's heading. It takes the focus when a page follows another, and names the document. */
export function PageTitle({ title, isFocusElsewhere = false, children }: PageTitleProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Aquila`;
  }, [title]);
  useEffect(() => {
    if (visits.peek() > 0 && !isFocusElsewhere) heading.current?.focus();
  }, []);
  return (
    <div class="row spread">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </div>
  );
}

function LanguageChoice() {
  const options = (Object.keys(LANGUAGES) as Language[]).map((value) => ({ value, label: LANGUAGES[value] }));
  return (
    <SelectField
      label={t("language")}
      isLabelHidden
      value={language.value}
      options={options}
      onChoose={(chosen) => void chooseLanguage(chosen)}
    />
  );
}

function ThemeChoice() {
  const options = (["system", "light", "dark"] as const).map((value) => ({ value, label: t(`theme-${value}`) }));
  return <SelectField label={t("theme")} isLabelHidden value={theme.value} options={options} onChoose={chooseTheme} />;
}
