/**
 * A table of many rows of which only those in sight are in the document, moved through by keyboard.
 * WAI-ARIA 1.2 `grid` with `aria-rowcount` and `aria-rowindex`; ARIA Authoring Practices, "Grid": one row takes the Tab key.
 * Columns get their widths, and `--row-height` its value, by the class of the table.
 */
import { Component, type ComponentChildren } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { isSingleKeyOn } from "./single-keys.ts";

export type Column<Row> = {
  readonly id: string;
  readonly label: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Left out: the table cannot be ordered by this column. */
  readonly compare?: (a: Row, b: Row) => number;
  readonly isNumber?: boolean;
};

export type Order = { readonly column: string; readonly isDescending: boolean };

type RowTableProps<Row> = {
  readonly class: string;
  /** Its name for a screen reader. */
  readonly label: string;
  /** The same array as long as they are the same, so that rows are not drawn again. */
  readonly columns: readonly Column<Row>[];
  /** In the order to be shown. */
  readonly rows: readonly Row[];
  readonly idOf: (row: Row) => string;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  /** Names filter and order: as long as it is the same, rows that come leave in place what is being read. */
  readonly view: string;
  /** Enter or a click. */
  readonly onOpen?: (row: Row) => void;
  /** Row that takes the focus at first, such as the one that was opened before. */
  readonly startAt?: string | null;
};

/** Rows drawn beyond what is in sight, on either side. */
const SPARE_ROWS = 6;

/** @returns A copy in the order wanted; equal rows stay as they were. */
export function orderRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order): Row[] {
  const compare = columns.find(({ id }) => id === order.column)?.compare;
  if (compare === undefined) return [...rows];
  return [...rows].sort(order.isDescending ? (a, b) => compare(b, a) : compare);
}

export function RowTable<Row>(props: RowTableProps<Row>) {
  const { label, columns, rows, idOf, order, onOrder, view, onOpen, startAt = null } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const measure = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState<string | null>(startAt);
  const [size, setSize] = useState({ rowHeight: 44, height: 600, headHeight: 44 });
  const [top, setTop] = useState(0);
  const isMoving = useRef(startAt !== null);
  const hadFocus = useRef(false);
  const seen = useRef({ view, topId: null as string | null, activeIndex: 0 });
  const places = useMemo(() => new Map(rows.map((row, at) => [idOf(row), at])), [rows]);

  const activeIndex = places.get(activeId ?? "") ?? Math.min(seen.current.activeIndex, Math.max(0, rows.length - 1));
  const { rowHeight } = size;
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE_ROWS);
  const last = Math.min(rows.length, Math.ceil((top + size.height) / rowHeight) + SPARE_ROWS);
  const drawn = Array.from({ length: Math.max(0, last - first) }, (_, at) => first + at);
  // The row with the focus stays in the document, or the focus would be lost by scrolling.
  if (rows.length > 0 && (activeIndex < first || activeIndex >= last)) drawn.push(activeIndex);

  useLayoutEffect(() => {
    const [box, row] = [scroller.current, measure.current];
    if (box === null || row === null) return;
    const take = (): void => {
      const headHeight = box.querySelector<HTMLElement>(".grid-head")?.offsetHeight ?? 0;
      setSize({ rowHeight: Math.max(1, row.offsetHeight), height: box.clientHeight, headHeight });
    };
    const observer = new ResizeObserver(take);
    observer.observe(box);
    observer.observe(row);
    take();
    return () => {
      observer.disconnect();
    };
  }, []);

  const scrollTo = (index: number): void => {
    const box = scroller.current;
    if (box === null) return;
    const room = box.clientHeight - size.headHeight;
    const from = index * rowHeight;
    if (from < box.scrollTop) box.scrollTop = from;
    else if (from + rowHeight > box.scrollTop + room) box.scrollTop = from + rowHeight - room;
    setTop(box.scrollTop);
  };

  useLayoutEffect(() => {
    if (startAt !== null && places.has(startAt)) scrollTo(places.get(startAt) ?? 0);
  }, [rowHeight]);

  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    if (seen.current.view !== view) box.scrollTop = 0;
    else if (box.scrollTop > 0 && seen.current.topId !== null) {
      const [before, now] = [Math.floor(top / rowHeight), places.get(seen.current.topId)];
      if (now !== undefined && now !== before) box.scrollTop += (now - before) * rowHeight;
    }
    seen.current.view = view;
    setTop(box.scrollTop);
    if (hadFocus.current && !box.contains(document.activeElement)) isMoving.current = true;
  }, [rows, view]);

  useLayoutEffect(() => {
    const topRow = rows[Math.floor(top / rowHeight)];
    seen.current = { view, topId: topRow === undefined ? null : idOf(topRow), activeIndex };
    if (!isMoving.current) return;
    isMoving.current = false;
    scroller.current?.querySelector<HTMLElement>('[role="row"][tabindex="0"]')?.focus({ preventScroll: true });
  });

  const move = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row === undefined) return;
    isMoving.current = true;
    setActiveId(idOf(row));
    scrollTo(places.get(idOf(row)) ?? 0);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const isOnRow = event.target instanceof HTMLElement && event.target.role === "row";
    const page = Math.max(1, Math.floor((size.height - size.headHeight) / rowHeight) - 1);
    const target = targetOf(event.key, activeIndex, page, rows.length);
    const row = rows[activeIndex];
    if (target !== null && isOnRow) move(target);
    else if (event.key === "Enter" && isOnRow && row !== undefined && onOpen !== undefined) onOpen(row);
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={scroller}
      class={`grid ${props.class}`}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      onScroll={({ currentTarget }) => {
        setTop(currentTarget.scrollTop);
      }}
      onKeyDown={onKeyDown}
      onFocusIn={() => {
        hadFocus.current = true;
      }}
      onFocusOut={({ relatedTarget }) => {
        // No element takes the focus when its own is removed.
        if (relatedTarget !== null) hadFocus.current = false;
      }}
    >
      <div role="rowgroup" class="grid-head">
        <div role="row" aria-rowindex={1} class="grid-row">
          {columns.map((column, at) => (
            <ColumnHead key={column.id} column={column} index={at + 1} order={order} onOrder={onOrder} />
          ))}
        </div>
      </div>
      <div ref={measure} class="grid-measure" aria-hidden="true" />
      <div role="rowgroup" class="grid-body" style={{ height: `${rows.length * rowHeight}px` }}>
        {drawn.map((index) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <div
              key={idOf(row)}
              role="row"
              class="grid-row"
              aria-rowindex={index + 2}
              tabIndex={index === activeIndex ? 0 : -1}
              style={{ transform: `translateY(${index * rowHeight}px)` }}
              onFocus={() => {
                setActiveId(idOf(row));
              }}
              onClick={() => {
                if (getSelection()?.isCollapsed !== false) onOpen?.(row);
              }}
            >
              <Cells row={row} columns={columns} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

type CellsProps<Row> = { readonly row: Row; readonly columns: readonly Column<Row>[] };

/** A row's cells, drawn again only for another row or other columns: scrolling draws no row twice. */
class Cells<Row> extends Component<CellsProps<Row>> {
  override shouldComponentUpdate(next: CellsProps<Row>): boolean {
    return next.row !== this.props.row || next.columns !== this.props.columns;
  }

  override render({ row, columns }: CellsProps<Row>) {
    return columns.map(({ id, cell, isNumber = false }, at) => (
      <div key={id} role="gridcell" aria-colindex={at + 1} class={`cell-${id}${isNumber ? " number" : ""}`}>
        {cell(row)}
      </div>
    ));
  }
}

type ColumnHeadProps<Row> = {
  readonly column: Column<Row>;
  readonly index: number;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
};

function ColumnHead<Row>({ column, index, order, onOrder }: ColumnHeadProps<Row>) {
  const { id, label, compare, isNumber = false } = column;
  const isOrdered = order.column === id;
  const direction = order.isDescending ? "descending" : "ascending";
  return (
    <div
      role="columnheader"
      aria-colindex={index}
      class={`cell-${id}${isNumber ? " number" : ""}`}
      {...(compare === undefined ? {} : { "aria-sort": isOrdered ? direction : ("none" as const) })}
    >
      {compare === undefined ? (
        label
      ) : (
        <button
          type="button"
          class="plain"
          onClick={() => {
            onOrder({ column: id, isDescending: isOrdered && !order.isDescending });
          }}
        >
          {label} <span aria-hidden="true">{isOrdered ? (order.isDescending ? "↓" : "↑") : ""}</span>
        </button>
      )}
    </div>
  );
}

/** @returns Row that a key leads to; null for other keys. */
function targetOf(key: string, at: number, page: number, count: number): number | null {
  switch (key) {
    case "ArrowDown":
      return at + 1;
    case "ArrowUp":
      return at - 1;
    case "j":
      return isSingleKeyOn.value ? at + 1 : null;
    case "k":
      return isSingleKeyOn.value ? at - 1 : null;
    case "PageDown":
      return at + page;
    case "PageUp":
      return at - page;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
