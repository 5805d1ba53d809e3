/** Does `\p{name}` of Go's regular expressions know this group: a Unicode category, by its short or long name, or a script? Letter case, spaces, `_` and `-` do not count. */
export function isUnicodeGroup(name: string): boolean {
  return GROUPS.has(name.replace(/[-_ ]/g, '').toLowerCase())
}

// --- internal ---

const SPECIAL = 'any assigned ascii'

const CATEGORIES = `
  c cc cf cn co cs l lc ll lm lo lt lu m mc me mn n nd nl no p pc pd pe pf pi po ps s sc sk sm so z zl zp zs
  casedletter closepunctuation combiningmark connectorpunctuation control currencysymbol dashpunctuation decimalnumber enclosingmark
  finalpunctuation format initialpunctuation letter letternumber lineseparator lowercaseletter mark mathsymbol modifierletter modifiersymbol
  nonspacingmark number openpunctuation other otherletter othernumber otherpunctuation othersymbol paragraphseparator privateuse punctuation
  separator spaceseparator spacingmark surrogate symbol titlecaseletter unassigned uppercaseletter cntrl digit punct`

const SCRIPTS = `
  adlam ahom anatolianhieroglyphs arabic armenian avestan balinese bamum bassavah batak bengali bhaiksuki bopomofo brahmi braille buginese buhid
  canadianaboriginal carian caucasianalbanian chakma cham cherokee chorasmian common coptic cuneiform cypriot cyprominoan cyrillic deseret
  devanagari divesakuru dogra duployan egyptianhieroglyphs elbasan elymaic ethiopic georgian glagolitic gothic grantha greek gujarati gunjalagondi
  gurmukhi han hangul hanifirohingya hanunoo hatran hebrew hiragana imperialaramaic inherited inscriptionalpahlavi inscriptionalparthian javanese
  kaithi kannada katakana kawi kayahli kharoshthi khitansmallscript khmer khojki khudawadi lao latin lepcha limbu lineara linearb lisu lycian
  lydian mahajani makasar malayalam mandaic manichaean marchen masaramgondi medefaidrin meeteimayek mendekikakui meroiticcursive
  meroitichieroglyphs miao modi mongolian mro multani myanmar nabataean nagmundari nandinagari newtailue newa nko nushu nyiakengpuachuehmong ogham
  olchiki oldhungarian olditalic oldnortharabian oldpermic oldpersian oldsogdian oldsoutharabian oldturkic olduyghur oriya osage osmanya
  pahawhhmong palmyrene paucinhau phagspa phoenician psalterpahlavi rejang runic samaritan saurashtra sharada shavian siddham signwriting sinhala
  sogdian sorasompeng soyombo sundanese sylotinagri syriac tagalog tagbanwa taile taitham taiviet takri tamil tangsa tangut telugu thaana thai
  tibetan tifinagh tirhuta toto ugaritic vai vithkuqi wancho warangciti yezidi yi zanabazarsquare`

const GROUPS = new Set(`${SPECIAL} ${CATEGORIES} ${SCRIPTS}`.split(/\s+/).filter((name) => name !== ''))
