using System.Runtime.InteropServices;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_device_info.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CDeviceInfo
{
    public ulong Sectors;
    public uint LogicalBlockSize;
    public uint MemoryAlignment;
    public uint IsBlockDevice;
    public uint IsReadOnly;
    public uint InDoubt;
    public uint Reserved;
}
