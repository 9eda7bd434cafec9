// Points on a canvas that can be zoomed, moved and pointed at.

import { whole } from "./words.js";

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// points: {x, y, size, name, text}, with x and y about 0. Those of `marks` (a Map of point to "mark" or "near") stand out.
export class Scatter {
  constructor(canvas, tip, { choose, axes = null, moves = true }) {
    Object.assign(this, { canvas, tip, choose, axes, points: [], marks: new Map(), scale: 1, shift: [0, 0] });
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
    if (choose) canvas.addEventListener("click", (event) => { if (!this.dragged) this.#click(event); });
    if (!moves) return;
    canvas.addEventListener("pointerdown", (event) => {
      this.from = [event.offsetX, event.offsetY];
      this.dragged = false;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointerup", () => { this.from = null; });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  show(points) {
    this.points = points;
    this.draw();
  }

  mark(marks) {
    this.marks = marks;
    this.draw();
  }

  // By a factor about a place on the canvas; 0 shows everything.
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    if (factor === 0) Object.assign(this, { scale: 1, shift: [0, 0] });
    else {
      const to = Math.min(Math.max(this.scale * factor, 0.5), 60), by = to / this.scale;
      const [middleX, middleY] = [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
      this.shift = [x - middleX - (x - middleX - this.shift[0]) * by, y - middleY - (y - middleY - this.shift[1]) * by];
      this.scale = to;
    }
    this.draw();
  }

  #place(point, shift = this.shift) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.axes) return [70 + (point.x + 0.5) * (width - 95), height - 60 - (point.y + 0.5) * (height - 95)];
    const spanX = 0.92 * Math.min(width, height * 1.6), spanY = 0.92 * height;
    return [width / 2 + shift[0] + point.x * spanX * this.scale, height / 2 + shift[1] - point.y * spanY * this.scale];
  }

  draw() {
    const { canvas } = this, ratio = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    if (this.axes) this.axes(pen, (point) => this.#place(point), style);
    pen.globalAlpha = 0.65;
    pen.fillStyle = style("--point");
    const marked = [];
    for (const point of this.points) {
      if (this.marks.has(point)) { marked.push(point); continue; }
      this.#dot(pen, point, point.size);
    }
    pen.globalAlpha = 1;
    // What was chosen above what is like it.
    marked.sort((a, b) => (this.marks.get(b) === "mark") - (this.marks.get(a) === "mark"));
    for (const point of marked.toReversed()) {
      pen.fillStyle = style(`--${this.marks.get(point)}`);
      this.#dot(pen, point, Math.max(point.size, 4) + 1);
    }
    this.#names(pen, marked);
  }

  #dot(pen, point, size) {
    const [x, y] = this.#place(point);
    pen.beginPath();
    pen.arc(x, y, size * Math.min(Math.sqrt(this.scale), 2.5), 0, 7);
    pen.fill();
  }

  // Names of what is marked, and then of the largest, as far as there is room.
  #names(pen, marked) {
    const { clientWidth: width, clientHeight: height } = this.canvas, taken = [];
    pen.font = "13px system-ui, sans-serif";
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeStyle = style("--back");
    const most = this.axes ? 14 : 28;
    for (const point of [...marked, ...this.points.slice(0, 600)]) {
      if (taken.length >= most + marked.length) break;
      const [x, y] = this.#place(point), text = point.name.length > 28 ? `${point.name.slice(0, 27)}…` : point.name;
      const box = [x + 7, y - 8, pen.measureText(text).width + 4, 16];
      const fits = box[0] > 2 && box[1] > 2 && box[0] + box[2] < width && box[1] + box[3] < height &&
        taken.every((other) => box[0] + box[2] < other[0] || other[0] + other[2] < box[0] || box[1] + box[3] < other[1] || other[1] + other[3] < box[1]);
      if (!fits) continue;
      taken.push(box);
      pen.fillStyle = style(this.marks.has(point) ? `--${this.marks.get(point)}` : "--ink");
      pen.strokeText(text, box[0], y + 4);
      pen.fillText(text, box[0], y + 4);
    }
  }

  #nearest(event) {
    let best = null, least = 14 ** 2;
    for (const point of this.points) {
      const [x, y] = this.#place(point), far = (x - event.offsetX) ** 2 + (y - event.offsetY) ** 2;
      if (far < least) [best, least] = [point, far];
    }
    return best;
  }

  #move(event) {
    if (this.from) {
      const by = [event.offsetX - this.from[0], event.offsetY - this.from[1]];
      if (!this.dragged && Math.hypot(...by) < 4) return;
      this.dragged = true;
      this.shift = [this.shift[0] + by[0], this.shift[1] + by[1]];
      this.from = [event.offsetX, event.offsetY];
      this.draw();
      return;
    }
    const point = this.#nearest(event), { tip } = this;
    tip.hidden = !point;
    if (!point) return;
    tip.textContent = point.text;
    const left = event.offsetX > this.canvas.clientWidth - 200;
    tip.style.left = left ? "" : `${event.offsetX + 14}px`;
    tip.style.right = left ? `${this.canvas.clientWidth - event.offsetX + 14}px` : "";
    tip.style.top = `${event.offsetY + 14}px`;
  }

  #click(event) {
    const point = this.#nearest(event);
    if (point) this.choose(point);
  }

  #key(event) {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (event.key === "+" || event.key === "=") this.zoom(1.5);
    else if (event.key === "-") this.zoom(1 / 1.5);
    else if (event.key === "0") this.zoom(0);
    else if (steps[event.key]) {
      this.shift = [this.shift[0] + steps[event.key][0], this.shift[1] + steps[event.key][1]];
      this.draw();
    } else return;
    event.preventDefault();
  }
}

// Axes of parts, in powers of ten: places are from -0.5 to 0.5.
export function partAxes(low, titles) {
  const at = (part) => (Math.log10(Math.max(part, low)) - Math.log10(low)) / -Math.log10(low) - 0.5;
  const ticks = [1, 0.1, 0.01, 0.001, 0.0001, 0.00001].filter((part) => part >= low);
  const name = (part) => (part >= 0.01 ? `${whole(100 * part)} %` : `${100 * part} %`);
  const draw = (pen, place, style) => {
    pen.font = "12px system-ui, sans-serif";
    pen.strokeStyle = style("--line");
    pen.fillStyle = style("--soft");
    pen.lineWidth = 1;
    for (const part of ticks) {
      const [[x, bottom], [, top]] = [place({ x: at(part), y: -0.5 }), place({ x: at(part), y: 0.5 })];
      pen.beginPath(); pen.moveTo(x, bottom); pen.lineTo(x, top); pen.stroke();
      pen.textAlign = "center";
      pen.fillText(name(part), x, bottom + 18);
      const [[left, y], [right]] = [place({ x: -0.5, y: at(part) }), place({ x: 0.5, y: at(part) })];
      pen.beginPath(); pen.moveTo(left, y); pen.lineTo(right, y); pen.stroke();
      pen.textAlign = "right";
      pen.fillText(name(part), left - 8, y + 4);
    }
    pen.setLineDash([5, 5]);
    pen.strokeStyle = style("--soft");
    pen.beginPath(); pen.moveTo(...place({ x: -0.5, y: -0.5 })); pen.lineTo(...place({ x: 0.5, y: 0.5 })); pen.stroke();
    pen.setLineDash([]);
    pen.textAlign = "right";
    pen.fillText(titles[0], place({ x: 0.5, y: 0 })[0], place({ x: 0, y: -0.5 })[1] + 40);
    pen.textAlign = "left";
    pen.fillText(titles[1], 12, place({ x: 0, y: 0.5 })[1] - 14);
  };
  return { at, draw };
}
