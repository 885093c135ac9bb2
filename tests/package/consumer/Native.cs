using System.Runtime.InteropServices;

// One page to a file and back, by the package's library alone.
string path = args[0];
unsafe
{
    byte* page = (byte*)NativeMemory.AlignedAlloc(4096, 4096);
    new Span<byte>(page, 4096).Fill(7);
    Require(Dmio.dm_io_get(16));
    Region region = new() { Sector = 8, Count = 8 };
    Require(Dmio.dmio_device_open(path, 0, &region.Device));
    nuint bits;
    Require(Dmio.dm_io_sync_vm(1, &region, 1, page, &bits));
    new Span<byte>(page, 4096).Clear();
    Require(Dmio.dm_io_sync_vm(1, &region, 0, page, &bits));
    region.Sector = 1 << 20;
    int beyond = Dmio.dm_io_sync_vm(1, &region, 1, page, &bits);
    Console.WriteLine($"native: read {page[0]} and {page[4095]}, beyond the end {beyond}, bits 0x{bits:x}");
    Require(Dmio.dm_io_put(16));
    NativeMemory.AlignedFree(page);
}

static void Require(int result)
{
    if (result < 0)
        throw new InvalidOperationException(Marshal.PtrToStringUTF8(Dmio.dmio_last_error()));
}

/// <summary>struct io_region of dmio.h.</summary>
internal struct Region
{
    public nint Device;
    public ulong Sector;
    public ulong Count;
}

/// <summary>What is used of dmio.h.</summary>
internal static unsafe partial class Dmio
{
    private const string Library = "libdmio";

    [LibraryImport(Library)]
    public static partial int dm_io_get(uint pages);

    [LibraryImport(Library)]
    public static partial int dm_io_put(uint pages);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int dmio_device_open(string path, uint flags, nint* device);

    [LibraryImport(Library)]
    public static partial int dm_io_sync_vm(uint regions, Region* where, int rw, void* data, nuint* errorBits);

    [LibraryImport(Library)]
    public static partial nint dmio_last_error();
}
