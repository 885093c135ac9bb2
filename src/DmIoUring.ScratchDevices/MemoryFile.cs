using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>Files in memory (memfd) that can be sealed against growth.</summary>
internal static class MemoryFile
{
    public static SafeFileHandle Create(long size)
    {
        int descriptor = Libc.MemfdCreate("dmio", MemfdAbi.MFD_CLOEXEC | MemfdAbi.MFD_ALLOW_SEALING);
        if (descriptor < 0)
            throw new IOException($"memfd_create failed with {Errno.Name(-descriptor)}.", -descriptor);
        SafeFileHandle handle = new(descriptor, ownsHandle: true);
        RandomAccess.SetLength(handle, size);
        return handle;
    }

    public static void ShrinkForGood(SafeFileHandle handle, long size)
    {
        RandomAccess.SetLength(handle, size);
        int result = Libc.Fcntl((int)handle.DangerousGetHandle(), MemfdAbi.F_ADD_SEALS, MemfdAbi.F_SEAL_GROW);
        if (result < 0)
            throw new IOException($"F_ADD_SEALS failed with {Errno.Name(-result)}.", -result);
    }
}
