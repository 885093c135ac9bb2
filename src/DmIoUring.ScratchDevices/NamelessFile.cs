using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>Files without a name, so that a crash leaves nothing behind.</summary>
internal static class NamelessFile
{
    public static SafeFileHandle Create(string? folder, long size)
    {
        folder ??= Path.GetTempPath();
        int descriptor = Libc.Open(folder, FileAbi.O_TMPFILE | FileAbi.O_RDWR | FileAbi.O_CLOEXEC, 0x180);
        SafeFileHandle handle = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : CreateAndUnlink(folder);
        try
        {
            RandomAccess.SetLength(handle, size);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>For file systems without O_TMPFILE: a name for a moment. Says why, too, when the folder is no good at all.</summary>
    private static SafeFileHandle CreateAndUnlink(string folder)
    {
        string path = Path.Combine(folder, "dmio-" + Guid.NewGuid().ToString("N")[..12]);
        SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        File.Delete(path);
        return handle;
    }
}
