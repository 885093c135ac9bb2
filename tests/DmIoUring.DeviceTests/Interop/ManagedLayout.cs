using System.Reflection;
using System.Reflection.Emit;

namespace DmIoUring.DeviceTests.Interop;

/// <summary>
/// A struct's layout as the runtime lays it out. <see cref="System.Runtime.InteropServices.Marshal"/> would tell the
/// marshaller's view of it, and the structs reach the kernel without marshalling.
/// </summary>
internal static class ManagedLayout
{
    public static long SizeOf(Type type)
    {
        DynamicMethod method = Method(type);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Sizeof, type);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.Ret);
        return Call(method);
    }

    /// <summary>The distance from a struct on the stack to its field.</summary>
    public static long OffsetOf(FieldInfo field)
    {
        DynamicMethod method = Method(field.DeclaringType!);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder instance = il.DeclareLocal(field.DeclaringType!);
        il.Emit(OpCodes.Ldloca, instance);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.Ldloca, instance);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Ret);
        return Call(method);
    }

    private static DynamicMethod Method(Type type) =>
        new("Measure", typeof(long), Type.EmptyTypes, type.Module, skipVisibility: true);

    private static long Call(DynamicMethod method) => method.CreateDelegate<Func<long>>()();
}
