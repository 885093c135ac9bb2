using DmIoUring.ScratchDevices;

namespace DmIoUring.DeviceTests.ScratchDevices;

public sealed class ScratchFileTests
{
    [Fact]
    public void File_HasTheSizeAskedFor_AndIsGoneAfterDispose()
    {
        ScratchFile file = ScratchFile.Create(12345);
        Assert.Equal(12345, new FileInfo(file.Path).Length);
        file.Dispose();
        Assert.False(File.Exists(file.Path));
        file.Dispose();
    }

    [Fact]
    public void Folder_IsGoneAfterDispose_WithWhatIsInIt()
    {
        ScratchFolder folder = ScratchFolder.Create();
        File.WriteAllText(folder.PathOf("a"), "a");
        folder.Dispose();
        Assert.False(Directory.Exists(folder.Path));
        folder.Dispose();
    }

    [Fact]
    public void SealedFile_AfterShrink_RefusesWritesPastItsEndAndTakesThoseBefore()
    {
        using SealedFile file = SealedFile.Create(8192);
        using FileStream stream = new(file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        file.Shrink(4096);
        stream.Write(new byte[4096]);
        Assert.ThrowsAny<Exception>(() => stream.Write(new byte[4096]));
        Assert.Equal(4096, stream.Length);
    }
}
