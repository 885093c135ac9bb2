using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>Files that lose their name as soon as they are open, so that a crash leaves nothing behind.</summary>
internal static class NamelessFile
{
    public static SafeFileHandle Create(string? folder, long size)
    {
        string path = System.IO.Path.Combine(folder ?? System.IO.Path.GetTempPath(), "dmio-" + Guid.NewGuid().ToString("N")[..12]);
        SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            File.Delete(path);
            RandomAccess.SetLength(handle, size);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
