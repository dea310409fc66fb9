export default {
  area: 'Libraries',
  rows: [
    {
      what: 'Jest',
      version: 'jest',
      tried: "the README's recipe, memory, a file in this thread and in a worker",
      async try({ project, run }) {
        const env = { NODE_OPTIONS: '--experimental-vm-modules' };
        await run('npx', ['jest'], { cwd: project, env });
      },
    },
  ],
};
