/** How every field gets its value: in turn, with the defaults of its arguments, and within the size of an answer. */
import {
  defaultFieldResolver,
  isNonNullType,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
} from 'graphql';
import type { FieldContext } from './context.ts';
import { fieldError } from './errors.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Resolves a field. Aliases ask for the same value again and again, so what is counted is what each of them returns. */
export const resolveField: GraphQLFieldResolver<unknown, FieldContext> = (source, given, context, info) => {
  const counted = (value: unknown): unknown =>
    context.answerSize.count(info.path.key, value, isNonNullType(info.returnType));
  const isRead = typeof (source as Arguments)[info.fieldName] === 'function';
  if (!isRead) return counted(defaultFieldResolver(source, given, context, info));
  const read = (): unknown => defaultFieldResolver(source, withDefaults(given, info), context, info);
  return context.turns.run(read).then(counted, (error: unknown) => {
    throw fieldError(error);
  });
};

/** Takes a null for an argument that was left out, where the schema has a default. */
function withDefaults(given: Arguments, { parentType, fieldName }: GraphQLResolveInfo): Arguments {
  const values: Record<string, unknown> = { ...given };
  for (const { name, defaultValue } of parentType.getFields()[fieldName]?.args ?? [])
    if (defaultValue !== undefined) values[name] ??= defaultValue;
  return values;
}
