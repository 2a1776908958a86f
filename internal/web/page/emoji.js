// Emoji by name, as in :smile:. Pure.

const emojiTable = `smile😄 grin😁 joy😂 rofl🤣 slight_smile🙂 wink😉 blush😊 heart_eyes😍 kissing😗 yum😋 stuck_out_tongue😛 thinking🤔
neutral😐 expressionless😑 no_mouth😶 smirk😏 unamused😒 rolling_eyes🙄 grimacing😬 relieved😌 pensive😔 sleepy😪 sleeping😴
mask😷 sick🤢 sneezing🤧 hot🥵 cold🥶 dizzy😵 cowboy🤠 party🥳 sunglasses😎 nerd🤓 confused😕 worried😟 frown☹️ open_mouth😮
astonished😲 flushed😳 pleading🥺 anguished😧 fearful😨 cry😢 sob😭 scream😱 tired😫 yawn🥱 angry😠 rage😡 devil😈 skull💀
clown🤡 ghost👻 alien👽 robot🤖 cat😺 see_no_evil🙈 hear_no_evil🙉 speak_no_evil🙊 heart❤️ orange_heart🧡 yellow_heart💛
green_heart💚 blue_heart💙 purple_heart💜 black_heart🖤 broken_heart💔 hundred💯 boom💥 sweat_drops💦 zzz💤 wave👋 ok_hand👌
v✌️ crossed_fingers🤞 point_left👈 point_right👉 point_up👆 point_down👇 thumbsup👍 +1👍 thumbsdown👎 -1👎 fist✊ clap👏
raised_hands🙌 handshake🤝 pray🙏 writing✍️ muscle💪 eyes👀 brain🧠 shrug🤷 facepalm🤦 bow🙇 runner🏃 dancer💃 dog🐶 fox🦊
bear🐻 panda🐼 penguin🐧 bird🐦 owl🦉 snail🐌 bug🐛 bee🐝 turtle🐢 snake🐍 octopus🐙 crab🦀 fish🐟 whale🐳 unicorn🦄 gopher🐹
rose🌹 sunflower🌻 tree🌳 cactus🌵 mushroom🍄 sun☀️ moon🌙 star⭐ cloud☁️ rain🌧️ snow❄️ rainbow🌈 fire🔥 zap⚡ ocean🌊
apple🍎 banana🍌 lemon🍋 cherries🍒 bread🍞 cheese🧀 pizza🍕 fries🍟 cookie🍪 cake🍰 coffee☕ tea🍵 beer🍺 wine🍷 champagne🍾
tada🎉 gift🎁 trophy🏆 medal🏅 soccer⚽ dart🎯 dice🎲 guitar🎸 art🎨 rocket🚀 car🚗 bike🚲 train🚆 airplane✈️ ship🚢 house🏠
watch⌚ phone📱 computer💻 keyboard⌨️ bulb💡 book📖 memo📝 pushpin📌 paperclip📎 scissors✂️ lock🔒 unlock🔓 key🔑 hammer🔨
wrench🔧 gear⚙️ link🔗 bell🔔 mail✉️ package📦 calendar📅 chart📈 mag🔍 hourglass⌛ check✅ x❌ warning⚠️ question❓ exclamation❗
plus➕ minus➖ arrow_right➡️ arrow_left⬅️ recycle♻️ white_flag🏳️ checkered_flag🏁`;

/** emoji has the characters by name. */
export const emoji = new Map(emojiTable.split(/\s+/).map((entry) => {
  const [, name, character] = /^([a-z0-9_+-]+)(.+)$/u.exec(entry);
  return [name, character];
}));

/** expand replaces :name: by the emoji of that name, but not in code. */
export function expand(text) {
  return text.split(/(```[\s\S]*?```|`[^`\n]*`)/).map((part, i) => (i % 2 ? part
    : part.replace(/(?<![\w:]):([a-z0-9_+-]+):(?!\w)/g, (all, name) => emoji.get(name) ?? all))).join('');
}
