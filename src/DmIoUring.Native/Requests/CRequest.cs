using System.Runtime.InteropServices;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_request of dmio.h. This and all that begin with C are laid out as the header has them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CRequest
{
    public CRegion* Where;
    public uint Regions;
    public int Rw;
    public void* Data;
    public ulong Length;
    public CMemory Memory;
    public uint Offset;
    public ulong* BufferOffsets;
    public CReport* Reports;
    public uint Priority;
    public uint Flags;
    public fixed ulong Reserved[2];

    /// <summary>Whether it asks for more than a device, memory and an operation.</summary>
    public readonly bool HasOptions => ((nuint)Reports | Priority | Flags | Reserved[0] | Reserved[1]) != 0;
}

/// <summary>struct dmio_report.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CReport
{
    public ulong Sector;
    public ulong Bytes;
    public int Error;
    public uint Cause;
}

/// <summary>struct io_region.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CRegion
{
    public nint Device;
    public ulong Sector;
    public ulong Count;
}

/// <summary>struct page_list.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CPageList
{
    public CPageList* Next;
    public byte* Page;
}

/// <summary>struct bio_vec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CVector
{
    public byte* Page;
    public uint Length;
    public uint Offset;
}

/// <summary>The kinds of a request's memory.</summary>
internal enum CMemory : uint
{
    Vm,
    Pages,
    Bvec,
    Iovec,
}
