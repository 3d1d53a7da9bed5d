// What the exported model is asked to read and to continue: public-domain English that any language model has met.

export interface Passage {
  readonly name: string;
  readonly text: string;
}

/** King James Version, 1611. Several, since the figures of one passage of 200 tokens are noisy. */
export const DEFAULT_PASSAGES: readonly Passage[] = [
  {
    name: 'Ruth 1',
    text:
      'Now it came to pass in the days when the judges ruled, that there was a famine in the land. And a certain ' +
      'man of Bethlehemjudah went to sojourn in the country of Moab, he, and his wife, and his two sons. And the ' +
      'name of the man was Elimelech, and the name of his wife Naomi, and the name of his two sons Mahlon and ' +
      'Chilion, Ephrathites of Bethlehemjudah. And they came into the country of Moab, and continued there. And ' +
      "Elimelech Naomi's husband died; and she was left, and her two sons. And they took them wives of the women of " +
      'Moab; the name of the one was Orpah, and the name of the other Ruth: and they dwelled there about ten years. ' +
      'And Mahlon and Chilion died also both of them; and the woman was left of her two sons and her husband.',
  },
  {
    name: 'Psalm 23',
    text:
      'The LORD is my shepherd; I shall not want. He maketh me to lie down in green pastures: he leadeth me beside ' +
      "the still waters. He restoreth my soul: he leadeth me in the paths of righteousness for his name's sake. " +
      'Yea, though I walk through the valley of the shadow of death, I will fear no evil: for thou art with me; thy ' +
      'rod and thy staff they comfort me. Thou preparest a table before me in the presence of mine enemies: thou ' +
      'anointest my head with oil; my cup runneth over. Surely goodness and mercy shall follow me all the days of ' +
      'my life: and I will dwell in the house of the LORD for ever.',
  },
  {
    name: 'Ecclesiastes 3',
    text:
      'To every thing there is a season, and a time to every purpose under the heaven: A time to be born, and a ' +
      'time to die; a time to plant, and a time to pluck up that which is planted; A time to kill, and a time to ' +
      'heal; a time to break down, and a time to build up; A time to weep, and a time to laugh; a time to mourn, ' +
      'and a time to dance; A time to cast away stones, and a time to gather stones together; a time to embrace, ' +
      'and a time to refrain from embracing; A time to get, and a time to lose; a time to keep, and a time to cast ' +
      'away; A time to rend, and a time to sew; a time to keep silence, and a time to speak; A time to love, and a ' +
      'time to hate; a time of war, and a time of peace.',
  },
  {
    name: '1 Corinthians 13',
    text:
      'Though I speak with the tongues of men and of angels, and have not charity, I am become as sounding brass, ' +
      'or a tinkling cymbal. And though I have the gift of prophecy, and understand all mysteries, and all ' +
      'knowledge; and though I have all faith, so that I could remove mountains, and have not charity, I am ' +
      'nothing. And though I bestow all my goods to feed the poor, and though I give my body to be burned, and have ' +
      'not charity, it profiteth me nothing. Charity suffereth long, and is kind; charity envieth not; charity ' +
      'vaunteth not itself, is not puffed up, Doth not behave itself unseemly, seeketh not her own, is not easily ' +
      'provoked, thinketh no evil; Rejoiceth not in iniquity, but rejoiceth in the truth; Beareth all things, ' +
      'believeth all things, hopeth all things, endureth all things.',
  },
];

export const DEFAULT_PROMPTS: readonly string[] = ['In the beginning', 'And it came to pass in those days, that'];
