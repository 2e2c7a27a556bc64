// A message that nobody is looking at: a tone, and the title of the tab. The number on the button is the host's.

const { chat } = globalThis;
const STORED = 'parley:sound';
let sound = null;
let last = 0;

chat.hasSound = chat.remembered('localStorage', STORED) ?? true;
chat.setSound = (isOn) => {
  chat.hasSound = isOn;
  chat.remember('localStorage', STORED, isOn);
  if (isOn) play();
};

// Browsers allow a tone once somebody has used the frame.
const enable = () => (sound ??= new AudioContext());
for (const event of ['pointerdown', 'keydown']) addEventListener(event, enable, { once: true });

function play() {
  if (!sound || !chat.hasSound || Date.now() - last < 2000) return;
  last = Date.now();
  sound.resume();
  [660, 880].forEach((pitch, index) => {
    const tone = new OscillatorNode(sound, { frequency: pitch });
    const volume = new GainNode(sound, { gain: 0 });
    const at = sound.currentTime + index * 0.12;
    volume.gain.linearRampToValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
    tone.connect(volume).connect(sound.destination);
    tone.start(at);
    tone.stop(at + 0.4);
  });
}

chat.on('arrived', (conversation) => {
  if (chat.isViewing(conversation.id) && document.hasFocus()) return;
  play();
  if (document.hidden) chat.host.post('notify', { title: chat.say('new_message_from', { name: conversation.with.name || chat.boot.workspace.name }) });
});
