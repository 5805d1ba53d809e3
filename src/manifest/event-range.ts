import { EVENT_ID, type Event, SCALAR_STYLE } from 'js-yaml'

/** Where an event's text begins and ends; undefined for what is not written (an empty value). */
export function eventRange(event: Event): readonly [start: number, end: number] | undefined {
  switch (event.type) {
    case EVENT_ID.SCALAR: {
      if (event.valueStart < 0) return event.tagStart < 0 ? undefined : [event.tagStart, event.tagEnd]
      const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0
      return [event.tagStart < 0 ? event.valueStart - quoted : event.tagStart, event.valueEnd + quoted]
    }
    case EVENT_ID.ALIAS:
      return [event.anchorStart - 1, event.anchorEnd]
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.tagStart < 0 ? [event.start, event.start + 1] : [event.tagStart, event.tagEnd]
    default:
      return undefined
  }
}
