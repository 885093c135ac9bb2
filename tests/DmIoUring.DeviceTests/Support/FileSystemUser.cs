using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using DmIoUring.TestSupport;

namespace DmIoUring.DeviceTests.Support;

/// <summary>
/// Runs code on a thread that meets files as another user would. setfsuid(2) is the one identity that belongs to a
/// thread alone, and leaving 0 takes the capability to override permissions with it.
/// </summary>
internal static partial class FileSystemUser
{
    private const int Nobody = 65534;

    public static T RunAsNobody<T>(Func<T> code)
    {
        Require.That(Environment.IsPrivilegedProcess ? null : "only root can become somebody else");
        T result = default!;
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(() =>
        {
            // It answers with the user before the call, so the second call tells whether the first one worked.
            _ = SetFileSystemUser(Nobody);
            Assert.Equal(Nobody, SetFileSystemUser(Nobody));
            result = code();
        }));
        thread.Start();
        thread.Join();
        if (thrown is not null)
            ExceptionDispatchInfo.Throw(thrown);
        return result;
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetFileSystemUser(int user);
}
