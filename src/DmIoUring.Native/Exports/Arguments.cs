using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native.Exports;

/// <summary>Checks and copies of what C passes by address.</summary>
internal static unsafe class Arguments
{
    /// <summary>Throws for NULL.</summary>
    public static void Require(void* pointer, string name)
    {
        if (pointer is null)
            throw new NativeException(Errno.EINVAL, $"{name} is NULL.");
    }

    /// <summary>A struct of the caller's; what its header does not know yet is 0, and what this library does not know must be.</summary>
    public static T Read<T>(void* from, nuint size)
        where T : unmanaged
    {
        T value = default;
        if (from is null)
            return value;
        Buffer.MemoryCopy(from, &value, sizeof(T), (long)Math.Min(size, (nuint)sizeof(T)));
        for (nuint i = (nuint)sizeof(T); i < size; i++)
        {
            if (((byte*)from)[i] != 0)
                throw new NativeException(Errno.E2BIG, "The options have a field that this version of the library does not know.");
        }

        return value;
    }

    /// <summary>Fills a struct of the caller's, as much as its header knows.</summary>
    public static void Write<T>(in T value, void* to, nuint size, string name)
        where T : unmanaged
    {
        Require(to, name);
        fixed (T* from = &value)
        {
            nuint known = Math.Min(size, (nuint)sizeof(T));
            Buffer.MemoryCopy(from, to, (long)size, (long)known);
            new Span<byte>((byte*)to + known, (int)(size - known)).Clear();
        }
    }
}
