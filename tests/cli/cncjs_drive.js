// Streams a program through a running cncjs: node cncjs_drive.js SERVER_PORT SERIAL_PATH PROGRAM SECRET
// Exit code 0 when cncjs says that the job is done, 4 when it stops at an error, 3 after a minute and a half.
const io = require('socket.io-client');
const jwt = require('jsonwebtoken');
const fs = require('fs');

const [, , serverPort, path, program, secret] = process.argv;
const token = jwt.sign({ id: '', name: 'test' }, secret, { expiresIn: '1h' });
const socket = io('http://127.0.0.1:' + serverPort, { query: 'token=' + token, transports: ['websocket'] });
const text = fs.readFileSync(program, 'utf8');
let started = false;
let running = false;

function end(code) {
  socket.emit('close', path, () => {});
  setTimeout(() => process.exit(code), 500);
}

setTimeout(() => end(3), 90000);
socket.on('error', (error) => console.log('error', JSON.stringify(error)));
socket.on('connect', () => socket.emit('open', path, { baudrate: 115200, controllerType: 'Grbl' }));
socket.on('controller:state', (type, state) => {
  if (started || !state || !state.status || state.status.activeState !== 'Idle') {
    return;
  }
  started = true;
  socket.emit('command', path, 'gcode:load', 'job', text, {}, () => socket.emit('command', path, 'gcode:start'));
});
socket.on('sender:status', (status) => {
  if (status.hold) {
    console.log('hold', JSON.stringify(status.holdReason));
    if (status.holdReason && status.holdReason.err) {
      end(4);
    }
  }
});
socket.on('workflow:state', (state) => {
  running = running || state === 'running';
  if (running && state === 'idle') {
    end(0);
  }
});
