// Types of the parts of gifenc that Loopscope uses: static/vendor/gifenc.d.ts.

export type Palette = number[][]
export interface Frame {
  palette: Palette
  delay: number
  transparent: boolean
  transparentIndex: number
  dispose: number
  repeat: number
}
export interface Encoder {
  writeFrame(indexed: Uint8Array, width: number, height: number, frame: Frame): void
  finish(): void
  bytes(): Uint8Array
}
export function GIFEncoder(): Encoder
export function quantize(rgba: Uint8ClampedArray, colours: number): Palette
export function applyPalette(rgba: Uint8ClampedArray, palette: Palette): Uint8Array
