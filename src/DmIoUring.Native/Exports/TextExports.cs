using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Exports;

/// <summary>The texts of errors and results. They work in a child of the process, too.</summary>
internal static unsafe class TextExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_last_error")]
    private static byte* GetLastError() => LastError.Text;

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_strerror")]
    private static byte* GetText(int error) => ErrorTexts.Get(error);

    [UnmanagedCallersOnly(EntryPoint = "managed_dmio_result_text")]
    private static int GetText(CResult* result, byte* text, nuint size)
    {
        try
        {
            Arguments.Require(result, "result");
            string whole = result->ToResult().ToString();
            if (size != 0)
            {
                Arguments.Require(text, "text");
                _ = Utf8.FromUtf16(whole, new Span<byte>(text, (int)Math.Min(size, int.MaxValue) - 1), out _, out int written);
                text[written] = 0;
            }

            return Encoding.UTF8.GetByteCount(whole);
        }
        catch (Exception exception)
        {
            return LastError.Set(exception);
        }
    }
}
