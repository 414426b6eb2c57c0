/**
 * Something of the server's on a page: loaded, loaded again while the page is in sight, or refused.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refusal, refusalOf } from "../kit/api.ts";

export type Loaded<Value> = {
  /** Null until the first answer. What was loaded stays when a later try is refused. */
  readonly value: Value | null;
  readonly refusal: Refusal | null;
  readonly reload: () => Promise<void>;
  /** Takes what another answer told. */
  readonly take: (value: Value) => void;
};

/**
 * @param of - Names what is loaded: another name is loaded anew.
 * @param everyMs - Null: once, and when it is asked for.
 */
export function useLoaded<Value>(load: () => Promise<Value>, of: string, everyMs: number | null = null): Loaded<Value> {
  const [state, setState] = useState<{ of: string; value: Value | null; refusal: Refusal | null }>({
    of,
    value: null,
    refusal: null,
  });
  const latest = useRef({ load, turn: 0, isGone: false });
  latest.current.load = load;
  const take = useCallback(
    (value: Value): void => {
      latest.current.turn++;
      if (!latest.current.isGone) setState({ of, value, refusal: null });
    },
    [of],
  );
  const reload = useCallback(async (): Promise<void> => {
    const turn = ++latest.current.turn;
    // An answer that another overtook is out of date.
    const isStale = (): boolean => latest.current.isGone || turn !== latest.current.turn;
    try {
      const value = await latest.current.load();
      if (!isStale()) setState({ of, value, refusal: null });
    } catch (error) {
      const refusal = refusalOf(error);
      if (!isStale()) setState((before) => ({ of, value: before.of === of ? before.value : null, refusal }));
    }
  }, [of]);
  useEffect(() => {
    latest.current.isGone = false;
    void reload();
    if (everyMs === null)
      return () => {
        latest.current.isGone = true;
      };
    const again = setInterval(() => {
      if (document.visibilityState === "visible") void reload();
    }, everyMs);
    return () => {
      latest.current.isGone = true;
      clearInterval(again);
    };
  }, [of, everyMs, reload]);
  const isSame = state.of === of;
  return { value: isSame ? state.value : null, refusal: isSame ? state.refusal : null, reload, take };
}
