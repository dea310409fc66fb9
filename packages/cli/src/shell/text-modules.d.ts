/** Text of a shell file. Shell code is in files of its own; the bundler turns them into text. */
declare module '*.sh' {
  const text: string;
  export default text;
}
