declare module 'fengari' {
  interface State {
    readonly state: unique symbol;
  }
  export const lua: { LUA_OK: number; lua_tojsstring(state: State, index: number): string };
  export const lauxlib: { luaL_newstate(): State; luaL_dostring(state: State, source: Uint8Array): number };
  export const lualib: { luaL_openlibs(state: State): void };
  export function to_luastring(text: string): Uint8Array;
}
